import { expect, test } from 'vitest'
import { eachPlanned } from '../../src/plan/choose-entries.ts'
import { chooseAsKept } from '../../src/plan/kept-choice.ts'
import { listingOf } from '../support/listing.ts'

const listing = listingOf([
  { path: 'a', type: 'file', executable: true, sizeBytes: 3 },
  // Where an empty folder stands: by its name with a slash.
  { path: 'b-c', type: 'file', executable: false, sizeBytes: 4 },
  { path: 'b', type: 'directory', empty: true },
  { path: 'link', type: 'symlink', target: 'a' },
  { path: 'pipe', type: 'other' },
])

const keep = (...rows: readonly number[]) =>
  chooseAsKept(listing, { fingerprint: '', warnings: [], rows: Uint32Array.from(rows) })

test('what was chosen is chosen again, in its order', () => {
  const because = { chosenBy: 'chosen before' }
  const chosen = keep(0, 2, 1, 3)
  expect(chosen && [...eachPlanned(chosen.plan.entries)]).toEqual([
    { path: 'a', source: 'a', type: 'file', mode: '0755', sizeBytes: 3, ...because },
    { path: 'b', source: 'b', type: 'directory', mode: '0755', ...because },
    { path: 'b-c', source: 'b-c', type: 'file', mode: '0644', sizeBytes: 4, ...because },
    { path: 'link', source: 'link', type: 'symlink', mode: '0777', target: 'a', ...because },
  ])
  expect(chosen?.isMoved).toBe(false)
})

test.each([
  ['in another order', [0, 1, 2]],
  ['twice', [0, 0]],
  ['of what is not there', [0, 5]],
  ['of what can be in no artifact', [0, 4]],
])('rows %s are no choice', (_what, rows) => {
  expect(keep(...rows)).toBeUndefined()
})
