import { userInfo } from 'node:os'
import { findProcess, type ProcessIdentity } from '@fairlead/core/machine'

/** Whether a process is proved to be gone. Without a proof it counts as alive: a lock too many costs less than one too few. */
export async function isGone(owner: ProcessIdentity, self: ProcessIdentity): Promise<boolean> {
  if (owner.host !== self.host) return false
  if (owner.bootId !== undefined && self.bootId !== undefined && owner.bootId !== self.bootId) return true
  if (owner.pidNamespace !== self.pidNamespace) return false
  const found = await findProcess(owner.pid)
  if (found === undefined || found.isZombie) return true
  return owner.startTicks !== undefined && found.startTicks !== undefined && owner.startTicks !== found.startTicks
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
