import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { findGroup, findUser } from '@fairlead/core/machine'
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

/** The id of a user or a group. Fails the event where there is none of that name; a number is nobody's name. */
export async function readAccountId(kind: 'user' | 'group', name: string | number | boolean): Promise<number> {
  if (typeof name !== 'string') {
    const words = { number: Number.isInteger(name) ? 'Integer' : 'Float', boolean: String(name) }
    throw failUnknown(`no implicit conversion of ${words[typeof name as 'number' | 'boolean']} into String`)
  }
  // The system's own tools take an id for a name; the agent does not.
  const id = /^\d+$/.test(name) ? undefined : await findAccountId(kind, name)
  if (id === undefined) throw failUnknown(`can't find ${kind} for ${name}`)
  return id
}

/** The id behind a name, if this machine knows one. */
export async function findAccountId(kind: 'user' | 'group', name: string): Promise<number | undefined> {
  return kind === 'user' ? (await findUser(name))?.uid : findGroup(name)
}
