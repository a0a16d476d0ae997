import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { hookPath } from '../limits.ts'
import { failUnknown } from '../plan/event-failure.ts'

/** The facts of this process that a hook's environment and ownership depend on. */
export function readMachine(): { readonly nodeFolder: string; readonly user: string; readonly isRoot: boolean } {
  const uid = process.getuid?.()
  return { nodeFolder: dirname(process.execPath), user: userName() ?? String(uid), isRoot: uid === 0 }
}

function userName(): string | undefined {
  try {
    return userInfo().username
  } catch (error) {
    // A container may run as a number that has no entry.
    if ((error as NodeJS.ErrnoException).code === 'ERR_SYSTEM_ERROR') return undefined
    throw error
  }
}

/** The id of a user or a group, which may be written as a number. Fails the event where there is none. */
export async function readAccountId(kind: 'user' | 'group', name: string): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name)
  const id = await findAccountId(kind, name)
  if (id === undefined) throw failUnknown(`can't find ${kind} for ${name}`)
  return id
}

/** The id behind a name, from the files of this machine or what its name service knows besides. */
export async function findAccountId(kind: 'user' | 'group', name: string): Promise<number | undefined> {
  const database = kind === 'user' ? 'passwd' : 'group'
  const entry = (await readFile(`/etc/${database}`, 'utf8')).split('\n').find((line) => line.startsWith(`${name}:`))
  const fields = (entry ?? (await askNameService(database, name)))?.split(':')
  return fields?.[2] === undefined || fields[2] === '' ? undefined : Number(fields[2])
}

async function askNameService(database: string, name: string): Promise<string | undefined> {
  if (name === '' || name.startsWith('-')) return undefined
  try {
    return (await promisify(execFile)('getent', [database, name], { env: { PATH: hookPath } })).stdout
  } catch (error) {
    // getent answers 2 for an unknown name; a machine without getent has the files alone.
    const { code } = error as { readonly code?: number | string }
    if (code === 2 || code === 'ENOENT') return undefined
    throw failUnknown(`cannot look up the ${database} entry of ${name}: ${(error as Error).message}`)
  }
}
