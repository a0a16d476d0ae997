import { findGroup, findUser } from '@fairlead/core/machine'
import { errors } from './errors.ts'
import type { Ownership } from './ports/disk.ts'
import { effectiveUid } from './ports/process.ts'

/**
 * Turns names into numbers; `undefined`: files stay with the user of this process.
 *
 * @throws OWNER_UNKNOWN, OWNER_NOT_ALLOWED
 */
export async function findOwnership(
  owner: string | number | undefined,
  group: string | number | undefined,
  runningAs = effectiveUid(),
): Promise<Ownership | undefined> {
  if (owner === undefined && group === undefined) return undefined
  const user = owner === undefined ? { uid: -1, gid: -1 } : await findOwner(owner)
  const gid = group === undefined ? user.gid : await findGroupNumber(group)
  if (runningAs !== undefined && runningAs !== 0 && user.uid !== -1 && user.uid !== runningAs) {
    throw errors.OWNER_NOT_ALLOWED({ uid: user.uid, runningAs })
  }
  return { uid: user.uid, gid }
}

/** A user given by its number need not have an entry; then its group stays as it is. */
async function findOwner(owner: string | number): Promise<Ownership> {
  const known = await findUser(owner)
  if (known) return known
  if (isNumber(owner)) return { uid: Number(owner), gid: -1 }
  throw errors.OWNER_UNKNOWN({ kind: 'user', name: String(owner) })
}

async function findGroupNumber(group: string | number): Promise<number> {
  if (isNumber(group)) return Number(group)
  const gid = await findGroup(group)
  if (gid === undefined) throw errors.OWNER_UNKNOWN({ kind: 'group', name: String(group) })
  return gid
}

function isNumber(value: string | number): boolean {
  return /^\d+$/.test(String(value))
}
