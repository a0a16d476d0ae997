import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'

/** What one whole process took, from its start to its end. */
export interface Measurement {
  readonly seconds: number
  /** User and system time of all its threads. Unknown without `/usr/bin/time`. */
  readonly cpuSeconds: number | undefined
  /** The largest resident set (`ru_maxrss`). Unknown without `/usr/bin/time`. */
  readonly peakMiB: number | undefined
  /** How many cores other processes kept busy meanwhile: what a reader should know before believing `seconds`. */
  readonly othersCores: number | undefined
}

/** A program and its arguments; no shell reads them. */
export type Command = readonly [program: string, ...args: string[]]

/** Debian's package `time`: Node tells no peak memory of a child. */
const timeProgram = '/usr/bin/time'
export const measuresMemory = existsSync(timeProgram)

/**
 * Runs a program to its end and measures it. What was written before is flushed first, so that nobody pays for another.
 *
 * @throws Error with the line that says why, where it fails
 */
export async function measure(command: Command, cwd: string): Promise<Measurement> {
  spawnSync('sync')
  const usageFile = join(tmpdir(), `fairlead-bench-${process.pid}`)
  const [program, ...args] = measuresMemory ? withUsage(command, usageFile) : command
  const busyBefore = busySeconds()
  const start = performance.now()
  const child = spawn(program, args, { cwd, env: environmentOfMeasured(), stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => (printed = `${printed}${text}`.slice(-4096)))
  const [exitCode] = (await once(child, 'close')) as [number | null]
  const seconds = (performance.now() - start) / 1000
  const usage = measuresMemory ? readUsage(usageFile) : undefined
  if (exitCode !== 0) throw new Error(`${command.slice(0, 2).join(' ')}: ${reasonIn(printed)}`)
  const { cpuSeconds, peakMiB } = usage ?? {}
  const busy = busySeconds()
  const known = busy !== undefined && busyBefore !== undefined && cpuSeconds !== undefined
  const othersCores = known ? Math.max(0, busy - busyBefore - cpuSeconds) / seconds : undefined
  return { seconds, cpuSeconds, peakMiB, othersCores }
}

/**
 * Without what a developer's machine tells its own Node: `NODE_EXTRA_CA_CERTS` alone has each start read a bundle of
 * certificates, 50 ms, and neither the agent of a host nor a CI step sets it.
 */
function environmentOfMeasured(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_')))
}

function reasonIn(printed: string): string | undefined {
  const lines = printed.trim().split('\n')
  return lines.find((line) => /error/i.test(line)) ?? lines.at(-1)
}

function withUsage(command: Command, file: string): Command {
  return [timeProgram, '--quiet', '--format=%U %S %M', `--output=${file}`, ...command]
}

function readUsage(file: string) {
  const [user = 0, system = 0, kilobytes = 0] = readFileSync(file, 'utf8').trim().split(' ').map(Number)
  rmSync(file)
  return { cpuSeconds: user + system, peakMiB: kilobytes / 1024 }
}

/** Of all cores since the machine started. Unknown where the system does not tell. */
function busySeconds(): number | undefined {
  const milliseconds = cpus().map(({ times }) => times.user + times.nice + times.sys + times.irq)
  return milliseconds.length === 0 ? undefined : milliseconds.reduce((sum, one) => sum + one, 0) / 1000
}
