import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Hundreds of thousands of files take minutes on a busy disk. */
const removalTimeoutMs = 10 * 60_000

/** A new folder for one test, removed when it ends. Its path has no symbolic link in it. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fairlead-test-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }), removalTimeoutMs)
  return folder
}
