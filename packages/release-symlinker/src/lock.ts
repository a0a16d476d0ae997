import { randomBytes } from 'node:crypto'
import { basename, join } from 'node:path'
import { identifyThisProcess, type ProcessIdentity } from '@fairlead/core/machine'
import { systemClock, timestamp } from '@fairlead/core'
import { errors } from './errors.ts'
import { makeFolders, type Layout } from './layout.ts'
import { defaultLockTimeoutMs, lockPollIntervalMs } from './limits.ts'
import type { LockOptions, LockOwner, ReleaseAmbientOptions } from './model.ts'
import type { Disk } from './ports/disk.ts'
import { isGone, isVisible } from './ports/process.ts'

/**
 * The lock is a symbolic link whose text says who holds it: symlink(2) makes it with its text in one step, or fails
 * because there is one. A reader never meets half of it, and nothing has to be cleaned up when the attempt fails.
 */
interface Claim extends ProcessIdentity, LockOwner {
  /** Never given twice, so that a text names one claim of one process for ever. */
  readonly token: string
}

export interface LockRequest extends LockOptions, ReleaseAmbientOptions {
  readonly verb: string
}

/**
 * Runs `body` as the only one that works on a root.
 *
 * @throws RELEASE_LOCKED; `signal.reason` when cancelled while waiting
 */
export async function withLock<T>(
  disk: Disk,
  layout: Layout,
  request: LockRequest,
  body: () => Promise<T>,
): Promise<T> {
  const { onEvent, clock = systemClock, signal } = request
  signal?.throwIfAborted()
  await makeFolders(disk, [layout.own])
  const self = await identifyThisProcess()
  const claim: Claim = {
    ...self,
    token: randomBytes(8).toString('hex'),
    since: timestamp(clock),
    verb: request.verb,
  }
  await acquire(disk, layout, claim, request)
  try {
    await sweepClaims(disk, layout, self)
    return await body()
  } finally {
    try {
      await release(disk, layout.lock, formatClaim(claim))
    } catch (error) {
      // What the body did stands, and the lock of a process that has ended holds nobody up.
      const reason = error instanceof Error ? error.message : String(error)
      const summary = `could not remove the lock ${layout.lock}: ${reason}`
      onEvent?.({ type: 'lock.left-behind', at: timestamp(clock), summary, path: layout.lock, reason })
    }
  }
}

async function acquire(disk: Disk, layout: Layout, claim: Claim, request: LockRequest): Promise<void> {
  const { whenLocked = 'fail', lockTimeoutMs = defaultLockTimeoutMs, signal, onEvent, clock = systemClock } = request
  const start = clock.monotonic()
  let told = false
  for (;;) {
    const holder = await take(disk, layout.lock, claim, (owner) => {
      const summary = `took over the lock of ${describeOwner(owner)}, which is gone`
      onEvent?.({ type: 'lock.taken-over', at: timestamp(clock), summary, owner })
    })
    if (holder === undefined) return
    const owner = ownerOf(holder)
    const waitedMs = Math.round(clock.monotonic() - start)
    if (whenLocked === 'fail' || waitedMs >= lockTimeoutMs) {
      throw errors.RELEASE_LOCKED({
        root: layout.root,
        lock: layout.lock,
        owner: { ...owner },
        waitedMs: whenLocked === 'wait' ? waitedMs : undefined,
      })
    }
    if (!told) {
      const summary = `waiting for ${describeOwner(owner)}`
      onEvent?.({ type: 'lock.waiting', at: timestamp(clock), summary, owner })
      told = true
    }
    await clock.sleep(Math.min(lockPollIntervalMs, lockTimeoutMs - waitedMs), signal)
  }
}

/**
 * Takes the lock at `path`; answers the holder where somebody has it who may be alive.
 *
 * A dead holder's lock is replaced only by who holds the guard of that very holder, `<path>.<its token>`: of two that
 * find it dead, one gets the guard. That one looks again, since the lock may have changed hands before it got the guard,
 * and then renames the guard over the lock: its text is the claim. From then on no other guard leads to this lock, since
 * a token never comes back. A guard is itself a lock, and a holder that died with it is replaced in the same way.
 */
async function take(
  disk: Disk,
  path: string,
  claim: Claim,
  tellTakenOver: (owner: LockOwner) => void,
): Promise<Claim | undefined> {
  const mine = formatClaim(claim)
  for (;;) {
    if (await disk.makeLink(mine, path)) return undefined
    const text = await disk.linkTarget(path)
    if (text === undefined) continue
    const holder = parseClaim(text)
    if (holder === undefined) return unknownHolder
    if (!(await isGone(holder, claim))) return holder

    const guard = `${path}.${holder.token}`
    const guardHolder = await take(disk, guard, claim, tellTakenOver)
    if (guardHolder !== undefined) return guardHolder
    if ((await disk.linkTarget(path)) === text) {
      await disk.rename(guard, path)
      tellTakenOver(ownerOf(holder))
      return undefined
    }
    await release(disk, guard, mine)
  }
}

/** Who holds the lock of a root, and whether this machine can tell that it lives; `undefined`: nobody holds it. */
export async function readLock(
  disk: Disk,
  { lock }: Layout,
  self: ProcessIdentity,
): Promise<{ readonly owner: LockOwner; readonly state: 'alive' | 'gone' | 'unknown' } | undefined> {
  const text = await disk.linkTarget(lock)
  if (text === undefined) return undefined
  const holder = parseClaim(text)
  if (holder === undefined) return { owner: ownerOf(unknownHolder), state: 'unknown' }
  if (await isGone(holder, self)) return { owner: ownerOf(holder), state: 'gone' }
  return { owner: ownerOf(holder), state: isVisible(holder, self) ? 'alive' : 'unknown' }
}

/** Only a proof that a holder is dead lets another touch its lock, so a lock with our text cannot change under our hands. */
async function release(disk: Disk, path: string, mine: string): Promise<void> {
  if ((await disk.linkTarget(path)) === mine) await disk.removeFile(path)
}

/** Removes the guards of the dead. The lock is ours, and no guard that is left leads to it any more. */
async function sweepClaims(disk: Disk, { own, lock }: Layout, self: ProcessIdentity): Promise<void> {
  const prefix = `${basename(lock)}.`
  for (const { name, type } of (await disk.list(own)) ?? []) {
    if (type !== 'symlink' || !name.startsWith(prefix)) continue
    const path = join(own, name)
    const holder = parseClaim((await disk.linkTarget(path)) ?? '')
    if (holder && (await isGone(holder, self))) await disk.removeFile(path)
  }
}

function formatClaim({ pid, host, startTicks, bootId, pidNamespace, token, since, verb }: Claim): string {
  const fields = { pid: String(pid), host, startTicks, bootId, pidNamespace, token, since, verb }
  const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined)
  return new URLSearchParams(given).toString()
}

function parseClaim(text: string): Claim | undefined {
  const fields = new URLSearchParams(text)
  const get = (name: string) => fields.get(name) ?? undefined
  const [pid, host, token, since, verb] = [Number(get('pid')), get('host'), get('token'), get('since'), get('verb')]
  if (!Number.isSafeInteger(pid) || pid <= 0 || host === undefined || !/^[0-9a-f]+$/.test(token ?? '')) return undefined
  return {
    pid,
    host,
    token: token ?? '',
    since: since ?? '',
    verb: verb ?? 'another program',
    startTicks: get('startTicks'),
    bootId: get('bootId'),
    pidNamespace: get('pidNamespace'),
  }
}

/** A text that we did not write proves nothing, so its writer counts as alive. */
const unknownHolder: Claim = { pid: 0, host: 'unknown', token: '', since: 'unknown', verb: 'another program' }

function ownerOf({ pid, host, since, verb }: Claim): LockOwner {
  return { pid, host, since, verb }
}

function describeOwner({ verb, pid, host, since }: LockOwner): string {
  return `${verb} (process ${pid} on ${host}, since ${since})`
}
