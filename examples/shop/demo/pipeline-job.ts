import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface JobOptions {
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
}

export interface JobResult {
  readonly exitCode: number
  readonly lines: readonly string[]
}

/** Runs a script of the pipeline as a CI server would: a process of its own with an environment of its own. */
export async function runJob(script: string, args: readonly string[], options: JobOptions): Promise<JobResult> {
  const { folder, environment, onLine, signal } = options
  signal.throwIfAborted()
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: npm and the tests that it runs are ended together with the script.
    detached: true,
  })
  const stop = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL')
  signal.addEventListener('abort', stop, { once: true })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      onLine(line)
    })
  }
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? -1))
  })
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  return { exitCode, lines }
}
