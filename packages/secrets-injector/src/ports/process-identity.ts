import { createHash, randomBytes } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import type { ProcessIdentity } from '../plan/journal.ts'

/** Who this process is, for those that may find its working folder. */
export async function readProcessIdentity(): Promise<ProcessIdentity> {
  const [stat, bootId, namespace] = await Promise.all([
    readIfThere('/proc/self/stat'),
    readIfThere('/proc/sys/kernel/random/boot_id'),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ])
  return {
    pid: process.pid,
    startTicks: startTicksIn(stat),
    boot: bootId === '' ? '0' : createHash('sha256').update(bootId.trim()).digest('hex').slice(0, 8),
    pidNamespace: /\d+/.exec(namespace)?.[0] ?? '0',
  }
}

/** The process that has a pid now. */
export async function findProcess(pid: number): Promise<{ readonly startTicks: string } | undefined> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined
  }
  return { startTicks: startTicksIn(await readIfThere(`/proc/${pid}/stat`)) }
}

export function randomName(): string {
  return randomBytes(6).toString('hex')
}

/** Field 22 of proc(5)'s stat; the second field is a program's name, which may hold spaces and parentheses. */
function startTicksIn(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0'
}

/** Systems other than Linux have no /proc; there a pid alone tells. */
function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
