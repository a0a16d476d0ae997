import { spawn } from 'node:child_process'
import { cliErrors } from '../errors.ts'

/**
 * Runs a command of the shell to its end, with what it prints handed on.
 *
 * @throws COMMAND_FAILED; `signal.reason` when cancelled
 */
export function runShell(
  command: string,
  {
    folder,
    environment,
    signal,
    print,
  }: {
    readonly folder: string
    readonly environment: Readonly<Record<string, string>>
    readonly signal: AbortSignal | undefined
    readonly print: (text: string) => void
  },
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what the shell started is stopped with it.
      detached: true,
    })
    const stop = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
      } catch {
        // ESRCH: it has ended.
      }
    }
    signal?.addEventListener('abort', stop, { once: true })
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', print)
    child.once('error', reject)
    child.once('close', (code, by) => {
      signal?.removeEventListener('abort', stop)
      if (signal?.aborted) reject(signal.reason as Error)
      else if (code === 0) resolve()
      else reject(cliErrors.COMMAND_FAILED({ command, ending: by === null ? `with ${code}` : `by ${by}` }))
    })
  })
}
