import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PlannedEntry, TreeEntry } from '../../../src/index.ts'
import { chooseEntries } from '../../../src/plan/choose-entries.ts'
import { openTexts } from '../../../src/plan/texts.ts'
import { entriesOf } from '../../../src/plan/tree-listing.ts'
import { typeBits } from '../../../src/plan/zip/records.ts'
import { compileSelection } from '../../../src/ports/globs.ts'
import { entryTypes, shareEntries } from '../../../src/ports/lanes/shared-entries.ts'
import { listingOf } from '../../support/listing.ts'

const name = fc.string({ unit: fc.constantFrom('a', 'b', '-', 'é', '\u{1f600}'), minLength: 1, maxLength: 3 })
const entry = fc.oneof(
  fc.record({ path: name, type: fc.constant('file' as const), executable: fc.boolean(), sizeBytes: fc.nat() }),
  fc.record({ path: name, type: fc.constant('directory' as const), empty: fc.constant(true) }),
  fc.record({ path: name, type: fc.constant('symlink' as const), target: fc.constantFrom('here', 'é') }),
)
/** Files to which links lead, and whatever else. */
const entries = fc
  .uniqueArray(entry, { selector: ({ path }) => path })
  .map((some): readonly TreeEntry[] => [
    ...some,
    { path: 'here', type: 'file', executable: false, sizeBytes: 1 },
    ...(some.some(({ path }) => path === 'é')
      ? []
      : [{ path: 'é', type: 'file' as const, executable: false, sizeBytes: 2 }]),
  ])

test.each([
  ['as they stand', {}],
  ['all moved', { map: [{ from: '', to: 'elsewhere' }] }],
])('entries are shared as they were planned, %s', (_how, options) => {
  fc.assert(
    fc.property(entries, fc.array(name), (listed, trackedPaths) => {
      const listing = listingOf(listed)
      const selection = compileSelection({ include: ['**'], ...options })
      const { plan, rows, isMoved } = chooseEntries(entriesOf(listing), selection)
      const shared = shareEntries(plan.entries, { listing, rows, isMoved, trackedPaths, lastPath: 'last/é' })
      const nameOf = openTexts(shared.names)
      const sourceOf = openTexts(shared.sources)
      const found = plan.entries.map((planned, index) => ({
        name: nameOf(index),
        ...(planned.type !== 'directory' && { source: sourceOf(index) }),
        type: entryTypes[shared.types[index] as number],
        mode: shared.modes[index],
        size: shared.sizeBytes[index],
        target: shared.targets.get(index),
        tracked: shared.tracked[index],
        identity: [...shared.identities.subarray(index * 4, index * 4 + 4)],
      }))
      expect(found).toEqual(plan.entries.map((planned) => expectedOf(planned, listed, trackedPaths)))
      expect(nameOf(shared.count)).toBe('last/é')
      expect(shared.names.ends).toHaveLength(shared.count + 1)
    }),
  )
})

function expectedOf(planned: PlannedEntry, listed: readonly TreeEntry[], trackedPaths: readonly string[]) {
  const { path, source, type, mode } = planned
  const row = listed.findIndex((one) => one.path === source)
  return {
    name: type === 'directory' ? `${path}/` : path,
    ...(type !== 'directory' && { source }),
    type,
    mode: typeBits[type] | Number.parseInt(mode, 8),
    size: type === 'file' ? planned.sizeBytes : type === 'symlink' ? Buffer.byteLength(planned.target) : 0,
    target: type === 'symlink' ? planned.target : undefined,
    tracked: trackedPaths.includes(source) ? 1 : 0,
    identity: [0, 1, 2, 3].map((number) => (type === 'file' ? row * 10 + number : Number.NaN)),
  }
}
