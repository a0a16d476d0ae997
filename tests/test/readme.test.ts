import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** The first block of JavaScript in the README. */
function scriptOfReadme(): string {
  const script = /```js\n([^]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1]
  if (!script) throw new Error('the README has no block of JavaScript')
  return script
}

test("the README's script has at most fifteen lines and deploys", () => {
  const script = scriptOfReadme()
  expect(script.trimEnd().split('\n').length).toBeLessThanOrEqual(15)
  const folder = join(root, 'tests/.tmp', String(process.pid))
  mkdirSync(folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'deploy.mjs'), script)

  const output = execFileSync(process.execPath, [join(folder, 'deploy.mjs')], { cwd: root, encoding: 'utf8' })

  expect(output).toContain('AfterInstall')
  expect(output.trimEnd().split('\n').at(-1)).toBe('succeeded')
})
