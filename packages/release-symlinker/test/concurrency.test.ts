/** Many processes that deploy to one root at once: one at a time, each accounted for, and no two in one folder. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readInstalledReleases } from '../src/index.ts'
import type { HistoryEntry } from '../src/model.ts'
import { commitOf, unpackArchive } from './support/archive.ts'
import { buildChild, runChild } from './support/child-process.ts'
import { filesOf, leftovers, testHost } from './support/host.ts'

const starts = process.env['FAIRLEAD_LONG'] ? 100 : 16

test(`${starts} deploys that begin at once, every fourth killed while it is at work`, async () => {
  const host = testHost()
  const program = await buildChild(host.folder)
  const ids = Array.from({ length: starts }, (_, index) => `d-${String(index).padStart(3, '0')}`)
  const deploys = ids.map((id, index) => {
    const letter = id.slice(2)
    const { from } = unpackArchive(join(host.folder, 'archives', id), filesOf(letter), commitOf(letter))
    return { id, from, killed: index % 4 === 3 }
  })
  const outcomes = await Promise.all(
    deploys.map(({ id, from, killed }) =>
      runChild(program, { kind: 'deploy', options: { root: host.root, from, id, shared: ['up'] }, killed }),
    ),
  )
  expect(outcomes).toEqual(
    deploys.map(({ killed }) => (killed ? { killed: true } : { killed: false, results: [{ operations: 0 }] })),
  )
  // Each that was not killed went live once, from what the one before it had made live.
  const history = readFileSync(join(host.root, '.fairlead/history.jsonl'), 'utf8').trimEnd().split('\n')
  const entries = history.map((line) => JSON.parse(line) as HistoryEntry)
  const finished = deploys.filter(({ killed }) => !killed).map(({ id }) => id)
  expect(entries.map(({ to }) => to.slice(-5)).sort()).toEqual(finished)
  expect(entries.map(({ from }) => from)).toEqual([undefined, ...entries.slice(0, -1).map(({ to }) => to)])
  const { releases } = await readInstalledReleases({ root: host.root })
  expect(releases.map(({ id }) => id).sort()).toEqual(ids)
  for (const { id = '', path } of releases) expect(readFileSync(join(path, 'version'), 'utf8')).toBe(id.slice(2))
  // The last one that was killed may have left its lock, which the next run takes over.
  await host.deploy('z')
  expect(leftovers(host.root)).toEqual([])
  expect(readdirSync(join(host.root, 'releases'))).toHaveLength(starts + 1)
}, 600_000)
