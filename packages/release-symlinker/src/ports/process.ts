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
  /** How it ended, when it does by itself or was stopped. Never rejects. */
  readonly ended: Promise<string>
  /** Stops it and what it started. */
  readonly stop: () => Promise<void>
}

/** Starts a program without a shell, as the leader of a group of its own, so that what it starts can be stopped with it. */
export function startProgram(
  [program = '', ...args]: readonly string[],
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
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: 'ignore',
    detached: true,
    ...(user && user.uid >= 0 ? { uid: user.uid } : {}),
    ...(user && user.gid >= 0 ? { gid: user.gid } : {}),
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`it could not be started: ${error.message}`))
    child.once('exit', (code, signal) => resolve(signal === null ? `it ended with ${code}` : `it ended by ${signal}`))
  })
  const kill = (signal: 'SIGTERM' | 'SIGKILL') => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal)
    } catch {
      // ESRCH: the whole group has ended.
    }
  }
  return {
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
