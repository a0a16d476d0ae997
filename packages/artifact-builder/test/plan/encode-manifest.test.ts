import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeManifest, type ManifestFacts } from '../../src/plan/encode-manifest.ts'
import { columnsOf, sortedEntries } from '../support/columns.ts'

const facts: ManifestFacts = {
  schema: 'fairlead/manifest/1',
  application: 'shop',
  commit: 'a'.repeat(40),
  contentDigest: 'b'.repeat(64),
  allowances: [{ path: 'é', rule: 'azure-sas', reason: '"so"' }],
}

test('a manifest is the JSON of its facts and entries, a line for each entry, wherever it is cut', () => {
  fc.assert(
    fc.property(sortedEntries(60), fc.integer({ min: 1, max: 4000 }), (entries, pieceBytes) => {
      const pieces = [...encodeManifest(facts, columnsOf(entries), { entryCount: entries.length, pieceBytes })]
      const text = Buffer.concat(pieces).toString()
      const lines = entries.map(({ path, type, mode, sizeBytes, sha256 }) =>
        JSON.stringify({ path, type, mode, sizeBytes, sha256 }),
      )
      const expected = `${JSON.stringify({ ...facts, entries: [] }).slice(0, -2)}\n${lines.join(',\n')}`
      expect(text).toBe(entries.length === 0 ? `${expected}]}\n` : `${expected}\n]}\n`)
      expect(JSON.parse(text)).toEqual({ ...facts, entries })
    }),
  )
})
