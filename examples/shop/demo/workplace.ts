import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'fairlead-demo-'

/** A temporary folder that carries our process id, so that the next run can remove what a killed one left. */
export function createWorkplace(): { readonly folder: string; readonly remove: () => void } {
  removeAbandoned()
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`)))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1])
    if (pid && !isRunning(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
