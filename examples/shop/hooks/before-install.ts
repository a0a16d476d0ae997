#!/usr/bin/env node
/** Prepares the host. Where there is more to provision, this is the place to run an Ansible playbook. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { host, say } from './host.ts'

await mkdir(join(host.root, 'shared'), { recursive: true })
say(`Node ${process.versions.node}, releases go to ${host.root}`)
