import { InvalidArgumentError } from 'commander'
import type { ReleaseAction, WritablePath } from '@fairlead/release-symlinker'
import { cliErrors } from './errors.ts'
import { runShell } from './ports/shell.ts'
import type { CommandIo } from './command-context.ts'

/** `--writable path` or `--writable path:2775`. */
export function parseWritable(given: string): WritablePath {
  const [, path = '', mode] = /^([^:]+)(?::([0-7]{3,4}))?$/.exec(given) ?? []
  if (path === '') throw cliErrors.ASSIGNMENT_INVALID({ given, form: 'PATH or PATH:MODE' })
  return mode === undefined ? { path } : { path, mode: mode.padStart(4, '0') }
}

/** Refused before anything is staged: the library would refuse it behind that. */
export function parseUrl(given: string): string {
  const protocol = URL.canParse(given) ? new URL(given).protocol : undefined
  if (protocol === 'http:' || protocol === 'https:') return given
  throw new InvalidArgumentError('Expected an address that begins with http: or https:.')
}

/** The path of a request. */
export function parsePath(given: string): string {
  if (given.startsWith('/')) return given
  throw new InvalidArgumentError('Expected a path that begins with /.')
}

/** A shell command as what a verb calls with the release; what it prints goes to standard error. */
export function runInRelease(command: string | undefined, io: CommandIo): ReleaseAction | undefined {
  if (command === undefined) return undefined
  return async ({ root, path, name, commit }, { signal }) => {
    const environment = {
      FAIRLEAD_ROOT: root,
      FAIRLEAD_RELEASE: path,
      FAIRLEAD_RELEASE_NAME: name,
      ...(commit === undefined ? {} : { FAIRLEAD_COMMIT: commit }),
    }
    await runShell(command, { folder: path, environment, signal, print: io.stderr })
  }
}
