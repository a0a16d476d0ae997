import { findGroup, findUser } from '@fairlead/core/machine'
import { errors } from '../errors.ts'

/** Who will own the files. `gid` is missing where the process's own group will do. */
export interface FileOwner {
  readonly uid: number
  readonly gid: number | undefined
}

/**
 * Looks the owner and the group up; a number need not be known to this host.
 *
 * @throws OWNER_UNKNOWN
 */
export async function resolveOwner(
  owner: string | number | undefined,
  group: string | number | undefined,
  signal: AbortSignal,
): Promise<FileOwner> {
  const user = owner === undefined ? undefined : await readUser(owner, signal)
  const gid = group === undefined ? user?.gid : await readGroup(group, signal)
  return { uid: user?.uid ?? process.geteuid?.() ?? 0, gid }
}

async function readUser(owner: string | number, signal: AbortSignal): Promise<FileOwner> {
  const known = await findUser(owner, { signal }).catch(refuse)
  const uid = known?.uid ?? asId(owner)
  if (uid !== undefined) return { uid, gid: known?.gid }
  throw errors.OWNER_UNKNOWN({ option: 'owner', given: String(owner), expected: 'a user of this host or a uid' })
}

async function readGroup(group: string | number, signal: AbortSignal): Promise<number> {
  const gid = asId(group) ?? (await findGroup(group, { signal }).catch(refuse))
  if (gid !== undefined) return gid
  throw errors.OWNER_UNKNOWN({ option: 'group', given: String(group), expected: 'a group of this host or a gid' })
}

/** A uid or gid; 2^32-1 means "leave it" to chown. */
function asId(given: string | number): number | undefined {
  const number = typeof given === 'number' ? given : /^\d+$/.test(given) ? Number(given) : Number.NaN
  return Number.isInteger(number) && number >= 0 && number < 2 ** 32 - 1 ? number : undefined
}

function refuse(error: NodeJS.ErrnoException): never {
  if (error.path === undefined) throw error
  throw errors.FILE_OPERATION_FAILED({ operation: 'read', path: error.path, reason: error.code ?? error.name })
}
