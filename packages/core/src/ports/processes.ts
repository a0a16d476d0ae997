import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * What tells a process from every other one, on this machine and after a restart of it: a pid alone is given again to
 * another process sooner or later. Outside Linux only pid and host are known.
 */
export interface ProcessIdentity {
  readonly pid: number
  readonly host: string
  /** Clock ticks between the start of the machine and that of the process. */
  readonly startTicks?: string | undefined
  readonly bootId?: string | undefined
  /** A pid means another process in another container: the inode of the namespace. */
  readonly pidNamespace?: string | undefined
}

export function identifyThisProcess(): Promise<ProcessIdentity> {
  const startTicks = readStat('self')?.startTicks
  const bootId = orUndefined(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))?.trim()
  const pidNamespace = /\d+/.exec(orUndefined(() => readlinkSync('/proc/self/ns/pid')) ?? '')?.[0]
  return Promise.resolve({ pid: process.pid, host: hostname(), startTicks, bootId, pidNamespace })
}

/** A process as the system shows it to others. */
export interface RunningProcess {
  readonly startTicks?: string | undefined
  /** It has ended, and nobody has asked for its exit code yet. */
  readonly isZombie: boolean
}

/** The process that has a pid now; `undefined`: none has. */
export function findProcess(pid: number): Promise<RunningProcess | undefined> {
  if (!exists(pid)) return Promise.resolve(undefined)
  const stat = readStat(String(pid))
  return Promise.resolve({ startTicks: stat?.startTicks, isZombie: stat?.state === 'Z' || stat?.state === 'X' })
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there and belongs to another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/**
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name stands in brackets and may hold any of them itself.
 * The kernel makes the text as it is read, so that waiting for a thread to read it would take longer than reading it.
 */
function readStat(pid: string): { readonly state: string; readonly startTicks: string } | undefined {
  const text = orUndefined(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, startTicks] = [fields?.[0], fields?.[19]]
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks }
}

/** For facts that only some systems have: without them less is proved, never more. */
function orUndefined<T>(readFact: () => T): T | undefined {
  try {
    return readFact()
  } catch {
    return undefined
  }
}
