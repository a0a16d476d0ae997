import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TreeEntry } from '../../src/index.ts'
import {
  contentBytesOf,
  digestListing,
  entriesOf,
  factNames,
  factsPerPath,
  filesNamed,
  isListingSettled,
} from '../../src/plan/tree-listing.ts'
import { listingOf } from '../support/listing.ts'

const file = (path: string, sizeBytes = 1, executable = false): TreeEntry => ({
  path,
  type: 'file',
  executable,
  sizeBytes,
})
const link = (path: string, target: string): TreeEntry => ({ path, type: 'symlink', target })
const folder = (path: string): TreeEntry => ({ path, type: 'directory', empty: true })

const name = fc.constantFrom('a', '.ignore', '.ignored', 'x.ignore', 'é.ignore', 'ignore')
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
const entry = fc.oneof(
  path.map((one) => file(one)),
  path.map((one) => link(one, 'x')),
  path.map(folder),
)

test('files are found by their name, in whichever folder', () => {
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: (one) => one.path }), name, (entries, asked) => {
      const expected = entries.filter((one) => one.type === 'file' && one.path.split('/').at(-1) === asked)
      expect(filesNamed(listingOf(entries), asked)).toEqual(expected.map((one) => one.path))
    }),
  )
})

test('what was listed is answered by number, and nothing behind it', () => {
  const entries = [file('a', 5, true), folder('é'), link('z', 'a'), { path: 'pipe', type: 'other' as const }]
  const listed = entriesOf(listingOf(entries))
  expect(entries.map((_entry, row) => listed.at(row))).toEqual(entries)
  expect(listed.at(entries.length)).toBeUndefined()
})

test("content is that of files, and links' targets in bytes", () => {
  const listing = listingOf([file('a', 5), folder('b'), link('c', 'é'), file('d', 100)])
  expect(contentBytesOf(listing, Uint32Array.of(0, 1, 2))).toBe(7)
  expect(contentBytesOf(listing, Uint32Array.of(3))).toBe(100)
})

const likeOne: Readonly<Record<string, readonly TreeEntry[]>> = {
  'a name that is cut elsewhere': [file('aa'), file('b')],
  'another name': [file('a'), file('ac')],
  'another type': [file('a'), folder('ab')],
  'an exec bit': [file('a'), file('ab', 1, true)],
  'a link': [file('a'), link('ab', 'x')],
  'a link to somewhere else': [file('a'), link('ab', 'xy')],
  'one more': [file('a'), file('ab'), file('b')],
}

test.each(Object.entries(likeOne))('the digest of the names is another one with %s', (_what, entries) => {
  const one = digestListing(listingOf([file('a'), file('ab')]))
  expect(digestListing(listingOf(entries)).names).not.toBe(one.names)
  const others = Object.values(likeOne).filter((other) => other !== entries)
  for (const other of others) {
    expect(digestListing(listingOf(entries)).names).not.toBe(digestListing(listingOf(other)).names)
  }
})

test.each(factNames.slice(1))('another %s of a file has another digest of the states', (fact) => {
  const listing = listingOf([file('a'), file('b', 2)])
  const changed = { ...listing, facts: listing.facts.slice() }
  changed.facts[factsPerPath + factNames.indexOf(fact)] = 1
  expect(digestListing(changed).states).not.toBe(digestListing(listing).states)
  const namesAreSame = digestListing(changed).names === digestListing(listing).names
  expect(namesAreSame).toBe(fact !== 'executable')
})

test('a listing is settled when every file of it is', () => {
  const listing = listingOf([file('a'), link('b', 'a'), file('c')])
  expect(isListingSettled(listing, 10_000)).toBe(true)
  for (const time of ['mtimeMs', 'ctimeMs'] as const) {
    const changed = { ...listing, facts: listing.facts.slice() }
    changed.facts[2 * factsPerPath + factNames.indexOf(time)] = 8_001
    expect(isListingSettled(changed, 10_000)).toBe(false)
  }
})
