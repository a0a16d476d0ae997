import { execFileSync } from 'node:child_process'
import { mkdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { planActivation } from '../../src/plan/activate.ts'
import { formatPlan } from '../../src/plan/format.ts'

const view = { current: 'old', currentLink: 'releases/old', settled: true }

test('a plan is a list of lines with each step, what it does and what undoes it', () => {
  const plan = planActivation(view, {
    to: 'new',
    token: '1',
    check: true,
    reload: true,
    probe: { url: 'http://127.0.0.1/health' },
  })
  expect(formatPlan(plan).map((line) => line.replaceAll(/ {2,}/g, '  '))).toEqual([
    'check  check releases/new (yours)',
    'link  ln -s releases/new .current-1  # undo: rm -f .current-1',
    'switch  mv -T .current-1 current  # undo: ln -s releases/old .current-1; mv -T .current-1 current; sync .; reload for releases/old (yours)',
    'sync  sync .',
    'reload  reload for releases/new (yours)',
    'confirm  test "$(readlink current)" = releases/new',
    'probe  GET http://127.0.0.1/health',
    'record  append "activated" to .fairlead/history.jsonl',
  ])
})

test('a plan without steps says so', () => {
  expect(formatPlan({ steps: [] })).toEqual(['nothing to do'])
})

test('the lines of the file operations do in a shell what they say', () => {
  const root = temporaryFolder()
  for (const name of ['old', 'new']) mkdirSync(join(root, 'releases', name), { recursive: true })
  symlinkSync('releases/old', join(root, 'current'))
  const commands = formatPlan(planActivation(view, { to: 'new', token: '1' }))
    .filter((line) => /^(link|switch|sync|confirm) /.test(line))
    .map((line) => line.replace(/^\S+ +/, ''))
  execFileSync('sh', ['-euc', commands.join('\n')], { cwd: root })
  expect(readlinkSync(join(root, 'current'))).toBe('releases/new')
})
