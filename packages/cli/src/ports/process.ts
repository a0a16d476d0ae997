import { writeSync } from 'node:fs'
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
  try {
    process.exitCode = await run(process.argv.slice(2), {
      stdout: writer(1, () => process.stdout),
      stderr: writer(2, () => process.stderr),
      signal: stopping.signal,
    })
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    process.exitCode = stopCode
  }
}

/** Writes to a descriptor. Node's streams, which take longer to load than many a command to run, are left to a pipe that is full. */
function writer(descriptor: number, open: () => NodeJS.WriteStream): (text: string) => void {
  let stream: NodeJS.WriteStream | undefined
  return (text) => {
    let rest = Buffer.from(text)
    try {
      while (stream === undefined && rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      if (isEndOfReader(error)) return
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      stream = open().on('error', (failed) => {
        if (!isEndOfReader(failed)) throw failed
      })
    }
    stream?.write(rest)
  }
}

/** A reader that has seen enough (`fairlead … | head`) is no failure of ours. */
function isEndOfReader(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EPIPE'
}
