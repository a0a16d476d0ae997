import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'

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
  /** A pid means another process in another container. */
  readonly pidNamespace?: string | undefined
}

export async function identifyThisProcess(): Promise<ProcessIdentity> {
  const [stat, bootId, pidNamespace] = await Promise.all([
    readStat('self'),
    orUndefined(readFile('/proc/sys/kernel/random/boot_id', 'utf8')),
    orUndefined(readlink('/proc/self/ns/pid')),
  ])
  return { pid: process.pid, host: hostname(), startTicks: stat?.startTicks, bootId: bootId?.trim(), pidNamespace }
}

/** Whether a process is proved to be gone. Without a proof it counts as alive: a lock too many costs less than one too few. */
export async function isGone(owner: ProcessIdentity, self: ProcessIdentity): Promise<boolean> {
  if (owner.host !== self.host) return false
  if (owner.bootId !== undefined && self.bootId !== undefined && owner.bootId !== self.bootId) return true
  if (owner.pidNamespace !== self.pidNamespace) return false
  if (!exists(owner.pid)) return true
  const stat = await readStat(String(owner.pid))
  if (stat === undefined) return false
  const reused = owner.startTicks !== undefined && owner.startTicks !== stat.startTicks
  return reused || stat.state === 'Z' || stat.state === 'X'
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

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name stands in brackets and may hold any of them itself. */
async function readStat(pid: string): Promise<{ readonly state: string; readonly startTicks: string } | undefined> {
  const text = await orUndefined(readFile(`/proc/${pid}/stat`, 'utf8'))
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, startTicks] = [fields?.[0], fields?.[19]]
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks }
}

/** For facts that only some systems have: without them less is proved, never more. */
async function orUndefined<T>(fact: Promise<T>): Promise<T | undefined> {
  return await fact.catch(() => undefined)
}

/** The user id that this process acts as; `undefined` on Windows. */
export function effectiveUid(): number | undefined {
  return process.geteuid?.()
}

/** The user of this process, for the history. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under a number that has no entry in /etc/passwd.
    return String(effectiveUid() ?? 'unknown')
  }
}

/** The number of a user and of its first group; `undefined`: there is no such user. */
export async function findUser(name: string): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  const [uid, gid] = await Promise.all([readNumber('id', ['-u', name]), readNumber('id', ['-g', name])])
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

/** The number of a group; `undefined`: there is no such group. */
export async function findGroup(name: string): Promise<number | undefined> {
  return await readNumber('getent', ['group', name], (line) => line.split(':')[2])
}

function readNumber(
  command: string,
  args: readonly string[],
  field: (output: string) => string | undefined = (output) => output,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    execFile(command, args, (error, stdout) => {
      // `id` and `getent` exit with 1 or 2 for a name that nobody has; a missing program is no answer.
      if (error) return typeof error.code === 'number' ? resolve(undefined) : reject(error)
      const number = Number.parseInt(field(stdout.trim()) ?? '', 10)
      return resolve(Number.isNaN(number) ? undefined : number)
    })
  })
}
