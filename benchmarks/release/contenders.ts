import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from '../measure.ts'

/** A way to deploy a tree on this machine. */
export interface Contender {
  readonly name: string
  readonly label: string
  readonly needs: readonly string[]
  /** Whether what `needs` cannot name is there. */
  readonly isPresent: () => boolean
  /** Sets it up in a folder of its own, not measured. */
  readonly prepare: (place: string, tree: string) => void
  /** What is there before a deploy begins, not measured: an unpacked archive. */
  readonly beforeDeploy: (place: string, tree: string, round: number) => void
  readonly deploy: (place: string, round: number) => Command
  readonly rollback?: (place: string) => Command
  /** @throws Error where no release is live */
  readonly check: (place: string) => void
}

const hostFile = join(import.meta.dirname, '../../packages/cli/dist/fairlead-host.mjs')

/** Deploy, verified against the manifest and durable, and prune to five: the one line of a hook. */
export function ours(way: 'move' | 'immutable' | 'copy'): Contender & { readonly way: string } {
  const flags = { move: ['--move', 'app'], immutable: ['--immutable'], copy: [] }[way]
  // One for each round, as the agent keeps them. To remove the last one first would slow what makes files next: ext4 passes over
  // inodes that were freed a short while ago.
  const archive = (place: string, round: number) => join(place, `archive-${round}`)
  const host = (place: string, ...args: readonly string[]): Command => [
    process.execPath,
    ...[hostFile, 'host', ...args, '--root', join(place, 'srv'), '--quiet'],
  ]
  return {
    way: { move: 'rename', immutable: 'hardlink', copy: 'copy' }[way],
    name: `ours-${way}`,
    label: `ours (${way})`,
    needs: [],
    isPresent: () => existsSync(hostFile),
    prepare: (place) => mkdirSync(place, { recursive: true }),
    // The agent has unpacked the archive by the time that a hook runs.
    beforeDeploy: (place, tree, round) =>
      cpSync(tree, archive(place, round), { recursive: true, preserveTimestamps: true }),
    deploy: (place, round) =>
      host(place, 'deploy', '--from', archive(place, round), '--id', `d-${round}`, '--keep', '5', ...flags),
    // The first round has nothing to go back to.
    rollback: (place) =>
      existsSync(join(place, 'rolled'))
        ? host(place, 'rollback')
        : (writeFileSync(join(place, 'rolled'), ''), ['true']),
    check: (place) => void readlinkSync(join(place, 'srv/current')),
  }
}

/** Debian's, without ssh: the repository and the host are this machine. */
export const capistrano: Contender = {
  name: 'capistrano',
  label: 'Capistrano 3.17',
  needs: ['cap', 'git'],
  isPresent: () => true,
  prepare: (place, tree) => {
    const repository = join(place, 'repository')
    cpSync(tree, repository, { recursive: true })
    const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: repository, stdio: 'pipe' })
    git('init', '--quiet', '--initial-branch=main', '--template=')
    git('add', '--all')
    const author = ['-c', 'user.name=Benchmark', '-c', 'user.email=benchmark@example.com', '-c', 'commit.gpgsign=false']
    git(...author, 'commit', '--quiet', '--message', 'The tree')
    mkdirSync(join(place, 'config/deploy'), { recursive: true })
    writeFileSync(
      join(place, 'Capfile'),
      `require 'capistrano/setup'\nrequire 'capistrano/deploy'\nrequire 'capistrano/scm/git'\ninstall_plugin Capistrano::SCM::Git\n`,
    )
    writeFileSync(
      join(place, 'config/deploy.rb'),
      `set :application, 'shop'\nset :repo_url, 'file://${repository}'\nset :branch, 'main'\nset :deploy_to, '${place}/srv'\nset :keep_releases, 5\nset :log_level, :info\nset :use_sudo, false\n`,
    )
    writeFileSync(
      join(place, 'config/deploy/production.rb'),
      `require 'sshkit/backends/local'\nset :sshkit_backend, SSHKit::Backend::Local\nSSHKit.config.backend = SSHKit::Backend::Local\nserver 'localhost', roles: %w[app]\n`,
    )
  },
  beforeDeploy: () => waitForAnotherSecond(),
  deploy: () => ['cap', 'production', 'deploy'],
  rollback: (place) =>
    existsSync(join(place, 'rolled'))
      ? ['cap', 'production', 'deploy:rollback']
      : (writeFileSync(join(place, 'rolled'), ''), ['true']),
  check: (place) => void readlinkSync(join(place, 'srv/current')),
}

const collections = '/usr/lib/python3/dist-packages/ansible_collections/community/general/plugins/modules'

/** A playbook as its documentation has it: query, copy, finalize, clean. */
export const deployHelper: Contender = {
  name: 'deploy-helper',
  label: 'Ansible deploy_helper',
  needs: ['ansible-playbook'],
  isPresent: () => existsSync(join(collections, 'deploy_helper.py')),
  prepare: (place, tree) => {
    mkdirSync(place, { recursive: true })
    writeFileSync(
      join(place, 'playbook.yml'),
      `- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - community.general.deploy_helper: { path: ${place}/srv, keep_releases: 5 }
    - command: cp -a ${tree}/. {{ deploy_helper.new_release_path }}
      args: { creates: "{{ deploy_helper.new_release_path }}/version" }
    - community.general.deploy_helper: { path: ${place}/srv, release: "{{ deploy_helper.new_release }}", state: finalize, keep_releases: 5 }
    - community.general.deploy_helper: { path: ${place}/srv, release: "{{ deploy_helper.new_release }}", state: clean, keep_releases: 5 }
`,
    )
  },
  beforeDeploy: () => waitForAnotherSecond(),
  deploy: (place) => ['ansible-playbook', '-i', 'localhost,', join(place, 'playbook.yml')],
  check: (place) => void readlinkSync(join(place, 'srv/current')),
}

/** What a careful shell script does: no check, no lock, nothing durable. */
export const copyAndLink: Contender = {
  name: 'cp',
  label: 'cp -a; ln -s; mv -T',
  needs: ['cp', 'ln', 'mv'],
  isPresent: () => true,
  prepare: (place, tree) => {
    mkdirSync(join(place, 'srv/releases'), { recursive: true })
    const script = `set -eu
cp -a ${tree} srv/releases/$1
ln -s releases/$1 srv/next
mv -T srv/next srv/current
ls -1d srv/releases/* | sort -V | head -n -5 | xargs -r rm -rf
`
    writeFileSync(join(place, 'deploy.sh'), script)
  },
  beforeDeploy: () => {},
  deploy: (_place, round) => ['sh', 'deploy.sh', String(round)],
  check: (place) => void readlinkSync(join(place, 'srv/current')),
}

/** Both name a release by the second: two deploys within one would share a folder. */
function waitForAnotherSecond(): void {
  execFileSync('sleep', ['1.1'])
}
