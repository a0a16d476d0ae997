import type { CommandIo } from '../command-context.ts'

/**
 * Runs a program as this process: its streams, its exit code, and Ctrl-C as the signal that cancels. A cancelled run
 * ends with 128 and the signal's number, as a shell expects.
 */
export async function runAsProcess(run: (args: readonly string[], io: CommandIo) => Promise<number>): Promise<void> {
  const stopping = new AbortController()
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
  let stopCode = 0
  for (const [signal, number] of Object.entries(numbers)) {
    process.once(signal, () => {
      stopCode = 128 + number
      stopping.abort(new Error(`stopped by ${signal}`))
    })
  }
  // A reader that has seen enough (`fairlead … | head`) is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  try {
    process.exitCode = await run(process.argv.slice(2), {
      stdout: (text) => process.stdout.write(text),
      stderr: (text) => process.stderr.write(text),
      signal: stopping.signal,
    })
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    process.exitCode = stopCode
  }
}
