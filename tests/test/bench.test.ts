import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRepository, temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const bench = ['--import', 'tsx', join(root, 'benchmarks/bench.ts')]

test('the benchmark of the artifact builder measures a small repository beside each peer that is installed', () => {
  const folder = temporaryFolder()
  const repository = createRepository(join(folder, 'tree'))
  repository.commit({ 'package.json': '{ "name": "tree" }\n', 'dist/main.js': 'main\n'.repeat(1000) })
  const results = join(folder, 'artifact.json')
  const args = ['artifact', '--runs', '1', '--tree', repository.path, '--case', 'cold', '--results', results]
  const printed = execFileSync(process.execPath, [...bench, ...args], { cwd: root, encoding: 'utf8' })

  const rows = JSON.parse(readFileSync(results, 'utf8')) as Record<string, unknown>[]
  expect(rows.map(({ peer }) => peer)).toEqual(expect.arrayContaining(['archiver 8', 'yazl']))
  for (const row of rows) {
    expect(row).toEqual({
      case: 'cold-tree',
      peer: expect.any(String) as unknown,
      ours: expect.any(Number) as unknown,
      theirs: expect.any(Number) as unknown,
      unit: expect.stringMatching(/^(s|bytes|MiB)$/) as unknown,
      ratio: expect.any(Number) as unknown,
    })
    expect(printed).toContain(row['peer'])
  }
})

test('the benchmark of the kit loads it beside a bare server, and finds no answer wrong', () => {
  const results = join(temporaryFolder(), 'local-aws.json')
  const sizes = ['--runs', '1', '--mib', '4', '--requests', '300', '--case', 'put,get,small']
  const args = ['local-aws', ...sizes, '--results', results]
  const printed = execFileSync(process.execPath, [...bench, ...args], { cwd: root, encoding: 'utf8' })
  expect(printed).toContain('0 of 600 requests wrong')
  const rows = JSON.parse(readFileSync(results, 'utf8')) as Record<string, unknown>[]
  expect(rows.map((row) => `${String(row['case'])} beside ${String(row['peer'])}`)).toEqual([
    'put-4-mib beside bare node:http',
    'put-4-mib beside bare node:http with the digests and a file',
    'get-4-mib beside bare node:http',
    'small-300-requests beside bare node:http',
  ])
})

test('the benchmark of releases measures deploys, rollbacks, bytes and switches beside a copy and a link', () => {
  const results = join(temporaryFolder(), 'release.json')
  const args = ['release', '--runs', '1', '--files', '30', '--switches', '5', '--peers', 'cp', '--results', results]
  execFileSync(process.execPath, [...bench, ...args], { cwd: root, encoding: 'utf8' })
  const rows = JSON.parse(readFileSync(results, 'utf8')) as Record<string, unknown>[]
  expect(rows.map((row) => row['case'])).toEqual([
    ...['deploy-rename', 'deploy-hardlink', 'deploy-copy', 'bytes-1-percent-changed', 'switch-p50', 'switch-p99'],
  ])
  for (const { ours, theirs } of rows) {
    expect(ours).toBeGreaterThan(0)
    expect(theirs).toBeGreaterThan(0)
  }
})

test('the benchmark refuses a case that it does not know, and says which there are', () => {
  const { status, stderr } = spawnSync(process.execPath, [...bench, 'artifact', '--case', 'cosy'], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(status).toBe(2)
  expect(stderr).toContain('no case is called cosy')
  expect(stderr).toContain('warm-unchanged')
})
