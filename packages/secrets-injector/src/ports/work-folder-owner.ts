import { createHash, randomBytes } from 'node:crypto'
import { identifyThisProcess } from '@fairlead/core/machine'
import type { WorkFolderOwner } from '../plan/journal.ts'

/** Who this process is, as short as a folder's name wants it, for those that may find its working folder. */
export async function readWorkFolderOwner(): Promise<WorkFolderOwner> {
  const { pid, startTicks = '0', bootId, pidNamespace = '0' } = await identifyThisProcess()
  const boot = bootId === undefined ? '0' : createHash('sha256').update(bootId).digest('hex').slice(0, 8)
  return { pid, startTicks, boot, pidNamespace }
}

export function randomName(): string {
  return randomBytes(6).toString('hex')
}
