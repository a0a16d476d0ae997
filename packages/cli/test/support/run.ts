import { runFairlead, runFairleadHost } from '../../src/index.ts'

/** What a run of the command did. */
export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

async function run(program: typeof runFairlead, args: readonly string[]): Promise<Ran> {
  let [stdout, stderr] = ['', '']
  const exitCode = await program(args, {
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    signal: new AbortController().signal,
  })
  return { exitCode, stdout, stderr }
}

/** Runs `fairlead` with arguments, in this process. */
export function fairlead(...args: readonly string[]): Promise<Ran> {
  return run(runFairlead, args)
}

/** Runs the commands of a host alone. */
export function fairleadHost(...args: readonly string[]): Promise<Ran> {
  return run(runFairleadHost, args)
}
