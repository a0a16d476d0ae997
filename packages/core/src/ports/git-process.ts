import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { coreErrors } from '../core-errors.ts'

export interface GitOptions {
  /** The folder in which git runs. */
  readonly folder: string
  readonly signal?: AbortSignal | undefined
  /** Written to git's standard input, which is empty otherwise. */
  readonly input?: string | undefined
  /** Exit codes that are an answer and not a failure. Default: 0 alone. */
  readonly expectedExitCodes?: readonly number[] | undefined
}

export interface GitAnswer {
  readonly exitCode: number
  readonly stdout: string
}

/**
 * The repository may be a stranger's: it chooses no program that git runs for us (fsmonitor, hooks, ext:: transport,
 * ssh command), and git asks nobody for a password.
 * https://git-scm.com/docs/git-config and https://git-scm.com/docs/git#_environment_variables
 */
const distrust = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'protocol.ext.allow=never']
const environment = { GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', GIT_ASKPASS: '', SSH_ASKPASS: '', LC_ALL: 'C' }

/** A listing of a hundred thousand long paths still fits. */
const maxOutputBytes = 256 * 1024 * 1024

/**
 * Runs git with an argument array, without a shell. Every argument that comes from outside belongs behind
 * `--end-of-options` or `--`.
 *
 * @throws GIT_MISSING, GIT_FAILED; `signal.reason` when cancelled
 */
export async function runGit(args: readonly string[], options: GitOptions): Promise<GitAnswer> {
  const { folder, signal, input, expectedExitCodes = [0] } = options
  const command = `git ${args[0] ?? ''}`
  signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      [...distrust, ...args],
      { cwd: folder, signal, maxBuffer: maxOutputBytes, env: { ...gitEnvironment(), ...environment } },
      (error, stdout, stderr) => {
        if (signal?.aborted) return reject(signal.reason as Error)
        if (!error) return resolve({ exitCode: 0, stdout })
        if (typeof error.code === 'number') {
          if (expectedExitCodes.includes(error.code)) return resolve({ exitCode: error.code, stdout })
          return reject(failure(error.code, stderr.trim() || error.message))
        }
        // Node reports a missing working directory as a missing program.
        if (!existsSync(folder)) return reject(failure(-1, 'there is no such folder'))
        const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
        return reject(isMissing ? coreErrors.GIT_MISSING({ command }) : failure(-1, error.message))
      },
    )
    const failure = (exitCode: number, words: string) =>
      coreErrors.GIT_FAILED({ command, folder, exitCode, stderr: withoutCredentials(words) })
    child.stdin?.on('error', () => {
      // git may answer without reading its input; its exit code tells whether that was a failure.
    })
    child.stdin?.end(input ?? '')
  })
}

/** The caller's environment without what would point git at another repository or another program. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !name.startsWith('GIT_') || name.startsWith('GIT_CONFIG_') || name === 'GIT_SSH_COMMAND' || name === 'GIT_SSH',
  )
  return Object.fromEntries(kept)
}

/** An address may carry a password: `https://user:secret@host`. */
export function withoutCredentials(words: string): string {
  return words.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, '$1')
}
