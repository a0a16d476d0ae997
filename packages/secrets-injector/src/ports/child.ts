import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** How a program ended: with a code, or of a signal. */
export interface ChildEnd {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
}

/**
 * Runs a program with an environment and this process's streams, without a shell. When `signal` aborts, the program is told to end
 * (SIGTERM) and waited for. The errno of what could not be started is thrown as it is.
 */
export async function runChild(
  command: readonly [string, ...string[]],
  options: {
    readonly environment: Readonly<Record<string, string>>
    readonly cwd?: string | undefined
    readonly signal: AbortSignal
  },
): Promise<ChildEnd> {
  const { environment: env, cwd, signal } = options
  const [program, ...args] = command
  const child = spawn(program, args, { env, stdio: 'inherit', ...(cwd === undefined ? {} : { cwd }) })
  const stop = () => void child.kill('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  try {
    const [code, died] = (await once(child, 'exit')) as [number | null, string | null]
    return { exitCode: code ?? undefined, signal: died ?? undefined }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** This process's own environment, for a program to inherit. */
export function ownEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
