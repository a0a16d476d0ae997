#!/usr/bin/env node
import { runAsProcess } from './ports/process.ts'
import { runFairlead } from './run-fairlead.ts'

await runAsProcess(runFairlead)
