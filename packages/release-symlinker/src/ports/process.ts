import { spawn } from 'node:child_process'
import { userInfo } from 'node:os'
import { findProcess, type ProcessIdentity } from '@fairlead/core/machine'
import { stopAfterMs } from '../limits.ts'
import type { Ownership } from './disk.ts'

/** Whether a process is proved to be gone. Without a proof it counts as alive: a lock too many costs less than one too few. */
export async function isGone(owner: ProcessIdentity, self: ProcessIdentity): Promise<boolean> {
  if (owner.host !== self.host) return false
  if (owner.bootId !== undefined && self.bootId !== undefined && owner.bootId !== self.bootId) return true
  if (owner.pidNamespace !== self.pidNamespace) return false
  const found = await findProcess(owner.pid)
  if (found === undefined || found.isZombie) return true
  return owner.startTicks !== undefined && found.startTicks !== undefined && owner.startTicks !== found.startTicks
}

/** Whether a process is proved to be there still. Without a proof it counts as another one: nobody else's may be ended. */
export async function isStillThere(
  { pid, host, startTicks, bootId, pidNamespace }: ProcessIdentity,
  self: ProcessIdentity,
): Promise<boolean> {
  if (host !== self.host || bootId !== self.bootId || pidNamespace !== self.pidNamespace) return false
  const found = await findProcess(pid)
  return startTicks !== undefined && found?.startTicks === startTicks && !found.isZombie
}

/** Whether a process number of the owner's means the same process here. */
export function isVisible(owner: ProcessIdentity, self: ProcessIdentity): boolean {
  return owner.host === self.host && owner.pidNamespace === self.pidNamespace
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

/** A program that runs beside us. */
export interface StartedProgram {
  /** Its number, and that of its group. Left out: it could not be started. */
  readonly pid: number | undefined
  /** Lets it begin. Until then it waits, and ends when we do: nothing of it is left that nobody knows. */
  readonly begin: () => void
  /** How it ended, when it does by itself or was stopped. Never rejects. */
  readonly ended: Promise<string>
  /** Stops it and what it started. */
  readonly stop: () => Promise<void>
}

/** Waits for a line, or ends where whoever would write it has ended; the program keeps the number and the time of start. */
const waitAndBegin = 'read -r line && exec "$@" </dev/null'

/** What sh says of a program that it cannot begin (POSIX, "Exit Status for Commands"). */
const shellFailures: Readonly<Record<number, string>> = {
  126: 'it could not be started: it is no program, or not to be run by this user (126)',
  127: 'it could not be started: there is no such program (127)',
}

/** Starts a program as the leader of a group of its own, so that what it starts can be stopped with it. No shell reads its arguments. */
export function startProgram(
  command: readonly string[],
  {
    folder,
    environment,
    user,
  }: {
    readonly folder: string
    readonly environment: Readonly<Record<string, string>>
    readonly user: Ownership | undefined
  },
): StartedProgram {
  const child = spawn('/bin/sh', ['-c', waitAndBegin, 'sh', ...command], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    ...(user && user.uid >= 0 ? { uid: user.uid } : {}),
    ...(user && user.gid >= 0 ? { gid: user.gid } : {}),
  })
  // EPIPE: it has ended already, which `ended` says.
  child.stdin.on('error', () => {})
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`it could not be started: ${error.message}`))
    child.once('exit', (code, signal) => {
      resolve(signal === null ? (shellFailures[code ?? 0] ?? `it ended with ${code}`) : `it ended by ${signal}`)
    })
  })
  const kill = (signal: 'SIGTERM' | 'SIGKILL') => {
    if (child.pid !== undefined) endGroup(child.pid, signal)
  }
  return {
    pid: child.pid,
    begin: () => void child.stdin.end('\n'),
    ended,
    stop: async () => {
      kill('SIGTERM')
      const timer = setTimeout(() => kill('SIGKILL'), stopAfterMs)
      await ended
      clearTimeout(timer)
      // What it started and did not wait for.
      kill('SIGKILL')
    },
  }
}

/** Ends the processes of a group. */
export function endGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): void {
  // To kill(2) 0 and -1 mean the caller's own group and everybody.
  if (leader < 2) return
  try {
    process.kill(-leader, signal)
  } catch {
    // ESRCH: the whole group has ended.
  }
}
