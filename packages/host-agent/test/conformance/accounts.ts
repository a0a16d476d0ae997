import { readFileSync } from 'node:fs'
import type { Vector } from './vector.ts'

/** The accounts of this machine that vectors need. */
export interface Accounts {
  /** An account with a login shell, other than root. */
  readonly user: string | undefined
  readonly userGroup: string | undefined
  readonly nologinUser: string | undefined
}

export function findAccounts(): Accounts {
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const user = lines.find(([name, , , , , , shell]) => name !== 'root' && /\/(?:ba|da)?sh$/.test(shell ?? ''))
  const nologin = lines.find(([, , , , , , shell]) => shell?.endsWith('/nologin'))
  return {
    user: user?.[0],
    userGroup: user && accountName('group', Number(user[3])),
    nologinUser: nologin?.[0],
  }
}

export function accountName(database: 'passwd' | 'group', id: number): string {
  const line = readFileSync(`/etc/${database}`, 'utf8')
    .split('\n')
    .find((entry) => entry.split(':')[2] === String(id))
  return line?.split(':')[0] ?? String(id)
}

/** What this machine lacks for a vector. */
export function lacking({ requires = [] }: Vector, accounts: Accounts): readonly string[] {
  const has = { root: process.getuid?.() === 0, user: accounts.user, nologinUser: accounts.nologinUser }
  return requires.filter((need) => !has[need])
}
