import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes } from '../../src/plan/byte-order.ts'
import { matchEntries, runEnd, type CacheIndex, type WantedEntries } from '../../src/plan/cache-index.ts'

interface Entry {
  /** That of a folder has a slash at its end. */
  readonly name: string
  readonly sizeBytes: number
  readonly inode: number
}

const letter = fc.constantFrom('a', 'b', '-', '/', 'é', '~')
const name = fc.string({ unit: letter, minLength: 1, maxLength: 4 }).map((text) => text.replace(/^\/+/, 'x'))
const entry: fc.Arbitrary<Entry> = fc.record({ name, sizeBytes: fc.nat(1), inode: fc.nat(1) })

/** In the order in which a plan has them: by the bytes of the paths. */
const inOrder = fc
  .uniqueArray(entry, { selector: ({ name }) => pathOf(name), maxLength: 12 })
  .map((some) => [...some].sort((a, b) => compareBytes(pathOf(a.name), pathOf(b.name))))

function pathOf(name: string): string {
  return name.replace(/\/$/, '')
}

function columnsOf(entries: readonly Entry[]): WantedEntries {
  const ends: number[] = []
  for (const { name } of entries) ends.push((ends.at(-1) ?? 0) + Buffer.byteLength(name))
  return {
    count: entries.length,
    names: { bytes: Buffer.from(entries.map(({ name }) => name).join('')), ends: Uint32Array.from(ends) },
    sizeBytes: Float64Array.from(entries, ({ sizeBytes }) => sizeBytes),
    identities: Float64Array.from(entries.flatMap(({ inode }) => [1, 2, inode, 3])),
    tracked: new Uint8Array(entries.length),
  }
}

/** As much of an index as is looked at: the last entry is the manifest. */
function indexOf(entries: readonly Entry[]): CacheIndex {
  const { names, ...columns } = columnsOf([...entries, { name: '.fairlead/manifest.json', sizeBytes: 0, inode: 0 }])
  const { length: count } = columns.sizeBytes
  const clean = new Uint8Array(count).fill(1)
  return {
    ...columns,
    names: names.bytes,
    nameEnds: names.ends,
    count,
    clean,
    hasBlobId: clean,
  } as unknown as CacheIndex
}

test('each entry is found where the index has its name, and is unchanged where its state is the same', () => {
  fc.assert(
    fc.property(inOrder, inOrder, (kept, wanted) => {
      const matches = matchEntries(indexOf(kept), columnsOf(wanted), {
        unchanged: new Int32Array(wanted.length),
        alike: new Int32Array(wanted.length),
        sameName: new Int32Array(wanted.length),
      })
      const places = wanted.map(({ name }) => kept.findIndex((entry) => entry.name === name))
      expect([...matches.sameName]).toEqual(places)
      const isAlike = (place: number, entry: Entry) => kept[place]?.sizeBytes === entry.sizeBytes
      expect([...matches.alike]).toEqual(
        places.map((place, number) => (isAlike(place, wanted[number] as Entry) ? place : -1)),
      )
      const isSame = (place: number, entry: Entry) =>
        kept[place]?.sizeBytes === entry.sizeBytes && kept[place].inode === entry.inode
      expect([...matches.unchanged]).toEqual(
        places.map((place, number) => (isSame(place, wanted[number] as Entry) ? place : -1)),
      )
    }),
  )
})

test('a run ends where the next entry stands elsewhere in the pack, is not in it, or is of the next batch', () => {
  const unchanged = Int32Array.from([4, 5, 6, 8, -1, 9, 10])
  expect([0, 1, 3, 4, 5].map((first) => runEnd(unchanged, first, 6))).toEqual([3, 3, 4, 4, 6])
})
