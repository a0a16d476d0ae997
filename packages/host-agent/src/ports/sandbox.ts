import { execFile } from 'node:child_process'
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { hookPath } from '../limits.ts'
import type { Command } from '../plan/script-command.ts'

/** How scripts are kept away from the machine that rehearses. */
export interface Sandbox {
  readonly kind: 'bubblewrap'
  readonly wrap: (command: Command) => Command
}

/** Folders of this machine that scripts see and cannot change. */
const systemFolders = ['usr', 'bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'etc']

/** Top-level folders that a deployment usually writes to: they lie in the host's folder and are seen as `/srv`, …. */
const hostFolders = ['home', 'opt', 'srv', 'var']

/**
 * A sandbox of bubblewrap, or `undefined` where this machine has none that works. Scripts see the system read-only, an
 * empty `/tmp`, and the host's folder both under its own path and in the place of `/srv`, `/opt`, `/var`, `/home` and what
 * else lies at its top. Processes and the network are the machine's, so that what a script starts in the background
 * behaves as on a host.
 */
export async function findSandbox(
  folder: string,
  { asRoot }: { readonly asRoot: boolean },
): Promise<Sandbox | undefined> {
  for (const name of hostFolders) await mkdir(join(folder, name), { recursive: true })
  // As nobody in particular: a user of its own, without root's rights over the machine.
  const user = process.getuid?.() === 0 && !asRoot ? ['--unshare-user', '--uid', '1000', '--gid', '1000'] : []
  const wrap = ({ file, args }: Command): Command => ({
    file: 'bwrap',
    args: [...systemMounts(), ...hostMounts(folder), ...user, '--chdir', folder, '--', file, ...args],
  })
  const probe = wrap({ file: '/bin/sh', args: ['-c', ':'] })
  try {
    await promisify(execFile)(probe.file, [...probe.args], { env: { PATH: hookPath } })
    return { kind: 'bubblewrap', wrap }
  } catch {
    // Not installed, or not allowed to make namespaces: the caller says so in the report.
    return undefined
  }
}

function systemMounts(): string[] {
  const present = systemFolders.flatMap((name) => {
    const facts = lstatSync(`/${name}`, { throwIfNoEntry: false })
    if (!facts) return []
    return facts.isSymbolicLink()
      ? ['--symlink', readlinkSync(`/${name}`), `/${name}`]
      : ['--ro-bind', `/${name}`, `/${name}`]
  })
  const node = dirname(dirname(process.execPath))
  const nodeMount = node.startsWith('/usr') ? [] : ['--ro-bind', node, node]
  return [...present, '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', ...nodeMount]
}

function hostMounts(folder: string): string[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && ![...systemFolders, 'dev', 'proc', 'sys', 'tmp'].includes(entry.name))
    .map(({ name }) => name)
  return [...names.flatMap((name) => ['--bind', join(folder, name), `/${name}`]), '--bind', folder, folder]
}
