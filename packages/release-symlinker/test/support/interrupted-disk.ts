import { errors } from '../../src/errors.ts'
import type { Disk } from '../../src/ports/disk.ts'

/** The methods of a disk that change it or make a change durable, in one list that the compiler keeps complete. */
const changing = {
  makeFolder: true,
  makeLink: true,
  addName: true,
  linkFile: true,
  rename: true,
  renameWithin: true,
  moveFolder: true,
  removeFile: true,
  removeTree: true,
  copyFile: true,
  cloneFile: true,
  writeFile: true,
  appendLine: true,
  setMode: true,
  setOwner: true,
  addAcl: true,
  restoreLabels: true,
  syncFile: true,
  syncFolder: true,
  syncFileSystem: true,
  examineFile: false,
  startExamination: false,
  deviceOf: false,
  labelOf: false,
  entry: false,
  linkTarget: false,
  realPath: false,
  list: false,
  readText: false,
  freeSpace: false,
} as const satisfies Record<keyof Disk, boolean>

/**
 * `kill`: the process is killed before the operation. `fail`: the operation fails and does nothing. `fail-late`: it does
 * what it should and then reports a failure, as network file systems may.
 */
export type Interruption = 'kill' | 'fail' | 'fail-late'

/** A disk whose operation number `at`, counted from 1, is interrupted. */
export function interruptedDisk(
  disk: Disk,
  how: Interruption,
  at: number,
  code = 'EIO',
): { readonly disk: Disk; readonly operations: () => number } {
  let operations = 0
  const methods = Object.entries(disk).map(([name, method]) => {
    if (!changing[name as keyof Disk]) return [name, method] as const
    const interrupted = async (...args: readonly unknown[]) => {
      operations += 1
      const mine = operations
      if (mine === at && how === 'kill') process.kill(process.pid, 'SIGKILL')
      const failure = errors.FILE_OPERATION_FAILED({ operation: name, path: String(args.at(-1)), code })
      if (mine === at && how === 'fail') throw failure
      const answer = await (method as (...args: readonly unknown[]) => Promise<unknown>)(...args)
      if (mine === at && how === 'fail-late') throw failure
      return answer
    }
    return [name, interrupted] as const
  })
  return { disk: Object.fromEntries(methods) as unknown as Disk, operations: () => operations }
}

/**
 * A disk that is as after the death of the process from its operation number `at` on: nothing reaches it any more, the
 * undoing neither.
 */
export function diesAt(disk: Disk, at: number): Disk & { readonly isDead: () => boolean } {
  let operations = 0
  const methods = Object.entries(disk).map(([name, method]) => {
    if (!changing[name as keyof Disk]) return [name, method] as const
    const mortal = async (...args: readonly unknown[]) => {
      operations += 1
      if (operations >= at) throw errors.FILE_OPERATION_FAILED({ operation: name, path: 'a dead disk', code: 'EIO' })
      return await (method as (...args: readonly unknown[]) => Promise<unknown>)(...args)
    }
    return [name, mortal] as const
  })
  return { ...(Object.fromEntries(methods) as unknown as Disk), isDead: () => operations >= at }
}
