import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { errors } from '../errors.ts'

/** Who will own the files. `gid` is missing where the process's own group will do. */
export interface FileOwner {
  readonly uid: number
  readonly gid: number | undefined
}

/** Names that useradd takes (shadow's --badname aside); none can be mistaken for an option of `id`. */
const accountName = /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/

/**
 * Looks the owner and the group up: in /etc/passwd and /etc/group, then with `id` and `getent`, which also ask directories.
 *
 * @throws OWNER_UNKNOWN
 */
export async function resolveOwner(
  owner: string | number | undefined,
  group: string | number | undefined,
  signal: AbortSignal,
): Promise<FileOwner> {
  const user = owner === undefined ? undefined : await findUser(owner, signal)
  const gid = group === undefined ? user?.gid : await findGroup(group, signal)
  const uid = user?.uid ?? process.geteuid?.() ?? 0
  return { uid, gid }
}

async function findUser(owner: string | number, signal: AbortSignal): Promise<FileOwner> {
  const number = asId(owner)
  const users = (await accountsIn('/etc/passwd')).map(([name, , uid, gid]) => ({
    name,
    uid: fieldId(uid),
    gid: fieldId(gid),
  }))
  const user = users.find(({ name, uid }) => (number === undefined ? name === owner : uid === number))
  const found = user ?? (number === undefined ? await askFor(String(owner), signal) : { uid: number, gid: undefined })
  if (found.uid === undefined || (user && user.gid === undefined)) {
    throw errors.OWNER_UNKNOWN({ option: 'owner', given: String(owner), expected: 'a user of this host or a uid' })
  }
  return { uid: found.uid, gid: found.gid }
}

async function askFor(user: string, signal: AbortSignal) {
  if (!accountName.test(user)) return { uid: undefined, gid: undefined }
  const uid = asId(await answerOf('id', ['-u', user], signal))
  return { uid, gid: asId(await answerOf('id', ['-g', user], signal)) }
}

/** A number of /etc/passwd; macOS writes the highest ids as negative ones. */
function fieldId(field: string | undefined): number | undefined {
  return field !== undefined && /^-?\d+$/.test(field) ? Number(field) >>> 0 : undefined
}

async function findGroup(group: string | number, signal: AbortSignal): Promise<number> {
  const number = asId(group)
  if (number !== undefined) return number
  const fields = (await accountsIn('/etc/group')).find(([name]) => name === group)
  const asked =
    fields || !accountName.test(String(group)) ? '' : await answerOf('getent', ['group', String(group)], signal)
  const gid = asId(fields?.[2] ?? asked.split(':')[2] ?? '')
  if (gid === undefined) {
    throw errors.OWNER_UNKNOWN({ option: 'group', given: String(group), expected: 'a group of this host or a gid' })
  }
  return gid
}

/** A uid or gid; 2^32-1 means "leave it" to chown. */
function asId(given: string | number): number | undefined {
  const number = typeof given === 'number' ? given : /^\d+$/.test(given.trim()) ? Number(given) : Number.NaN
  return Number.isInteger(number) && number >= 0 && number < 2 ** 32 - 1 ? number : undefined
}

async function accountsIn(path: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // A minimal image may have none; the numbers are valid without.
    if (error.code === 'ENOENT') return ''
    throw errors.FILE_OPERATION_FAILED({ operation: 'read', path, reason: error.code ?? error.name })
  })
  return text.split('\n').map((line) => line.split(':'))
}

/** What a program answers; nothing where it does not know the name or is not there. */
function answerOf(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { signal }, (error, stdout) => {
      if (signal.aborted) reject(signal.reason)
      else resolve(error ? '' : stdout)
    })
  })
}
