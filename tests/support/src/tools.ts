import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'vitest'

/** The names of the programs that are not on the PATH. */
export function missingTools(...names: readonly string[]): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return names.filter((name) => !folders.some((folder) => isExecutable(join(folder, name))))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * A test that needs programs from outside: where one is missing, the test says so by name and counts as skipped.
 * `.ci/run` installs them and sets FAIRLEAD_REQUIRE_TOOLS, under which a missing one fails the test instead.
 */
export function withTools(
  tools: readonly string[],
  name: string,
  body: () => Promise<void> | void,
  timeoutMs?: number,
): void {
  const missing = missingTools(...tools)
  if (missing.length === 0) test(name, body, timeoutMs)
  else if (process.env['FAIRLEAD_REQUIRE_TOOLS']) {
    test(name, () => {
      throw new Error(`this run may skip nothing, and ${missing.join(', ')} is not installed`)
    })
  } else test(`${name} (skipped: no ${missing.join(', ')} on this machine)`, (context) => context.skip())
}
