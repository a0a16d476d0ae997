/**
 * Runs the tests of every package in dependency order and adds them up. A skipped test is named: on a machine that
 * lacks a tool, what was not shown has to be visible. Arguments go to nx.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const folders = [...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`), 'tests']
const results = folders.map((folder) => join(root, folder, 'test-results.json'))

for (const file of results) rmSync(file, { force: true })
const run = spawnSync('nx', ['run-many', '-t', 'test', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  shell: process.platform === 'win32',
})

const tests = results
  .filter((file) => existsSync(file))
  .flatMap((file) => JSON.parse(readFileSync(file, 'utf8')).testResults)
  .flatMap((file) => file.assertionResults)
const withStatus = (...statuses) => tests.filter(({ status }) => statuses.includes(status))
const skipped = withStatus('pending', 'skipped', 'todo')
for (const { fullName } of skipped) console.log(`skipped: ${fullName}`)
console.log(`\n${withStatus('passed').length} passed, ${withStatus('failed').length} failed, ${skipped.length} skipped`)
process.exitCode = run.status ?? 1
if (tests.length === 0) process.exitCode = 1
