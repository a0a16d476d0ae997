import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'

/** A user of this machine, and the group that its files get. */
export interface UserAccount {
  readonly uid: number
  readonly gid: number
}

export interface AccountOptions {
  readonly signal?: AbortSignal | undefined
}

/** Who asks may be root with a caller's PATH: the programs of the name service come from the system's own folders. */
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** What useradd takes (shadow's --badname aside), and numbers; none can be mistaken for an option. */
const askable = /^(?:[A-Za-z_][A-Za-z0-9_.-]*\$?|\d+)$/

/**
 * A user by name or number, from /etc/passwd or what the machine's name service knows besides (LDAP, SSSD).
 * `undefined`: the machine knows none; a number may own files all the same.
 */
export async function findUser(user: string | number, options: AccountOptions = {}): Promise<UserAccount | undefined> {
  const fields = await findEntry('passwd', String(user), options)
  if (fields) return accountOf(fields[2], fields[3])
  const [uid, gid] = [await askId('-u', String(user), options), await askId('-g', String(user), options)]
  return accountOf(uid, gid)
}

/** The number of a group by its name or number; `undefined`: the machine knows none. */
export async function findGroup(group: string | number, options: AccountOptions = {}): Promise<number | undefined> {
  return idIn((await findEntry('group', String(group), options))?.[2])
}

function accountOf(uid: string | undefined, gid: string | undefined): UserAccount | undefined {
  const [user, group] = [idIn(uid), idIn(gid)]
  return user === undefined || group === undefined ? undefined : { uid: user, gid: group }
}

/** The fields of an entry: its name stands first and its number third in both files. */
async function findEntry(
  database: 'passwd' | 'group',
  key: string,
  options: AccountOptions,
): Promise<readonly string[] | undefined> {
  const isNumber = /^\d+$/.test(key)
  const entries = (await readDatabase(`/etc/${database}`)).split('\n').map((line) => line.split(':'))
  const entry = entries.find(([name, , id]) => (isNumber ? idIn(id) === Number(key) : name === key && key !== ''))
  if (entry) return entry
  const answer = await ask('getent', [database, key], key, options)
  return answer === '' ? undefined : answer.split(':')
}

async function readDatabase(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    // A minimal image may have none; its name service may still know.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** macOS has no getent, and keeps its users elsewhere than in /etc/passwd. */
function askId(flag: '-u' | '-g', user: string, options: AccountOptions): Promise<string> {
  return ask('id', [flag, user], user, options)
}

/** What a program of the name service answers; nothing where it does not know the name or is not there. */
function ask(program: string, args: readonly string[], name: string, { signal }: AccountOptions): Promise<string> {
  if (!askable.test(name)) return Promise.resolve('')
  return new Promise((resolve, reject) => {
    execFile(program, args, { signal, env: { PATH: systemPath } }, (error, stdout) => {
      if (signal?.aborted) reject(signal.reason as Error)
      else if (error && typeof error.code !== 'number' && (error.code as unknown) !== 'ENOENT') reject(error)
      else resolve(error ? '' : stdout.trim())
    })
  })
}

/** A number of an entry; macOS writes the highest ids as negative ones. */
function idIn(field: string | undefined): number | undefined {
  return field !== undefined && /^-?\d+$/.test(field) ? Number(field) >>> 0 : undefined
}
