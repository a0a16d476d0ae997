import type { ManifestEntry } from '@fairlead/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestContent } from '../../src/plan/content-digest.ts'

const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/)
const entry: fc.Arbitrary<ManifestEntry> = fc
  .tuple(
    fc.string({ minLength: 1, unit: 'grapheme' }),
    sha256,
    fc.constantFrom('0644', '0755'),
    fc.nat(),
    fc.constantFrom('file' as const, 'symlink' as const, 'directory' as const),
  )
  .map(([path, digest, mode, sizeBytes, type]) =>
    type === 'directory' ? { path, type, mode, sizeBytes: 0 } : { path, type, mode, sizeBytes, sha256: digest },
  )
const entries = fc.uniqueArray(entry, { selector: ({ path }) => path, maxLength: 8 })

test('the order in which entries come does not matter', () => {
  fc.assert(
    fc.property(entries, fc.infiniteStream(fc.nat()), (list, numbers) => {
      const shuffled = list
        .map((one) => ({ one, at: numbers.next().value }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one)
      expect(digestContent(shuffled)).toBe(digestContent(list))
    }),
  )
})

test('each fact of each entry matters', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(entry, { selector: ({ path }) => path, minLength: 1, maxLength: 8 }),
      fc.nat(),
      (list, at) => {
        const index = at % list.length
        const one = list[index] as ManifestEntry
        const changes: readonly ManifestEntry[] = [
          { ...one, path: `${one.path}x` },
          { ...one, mode: one.mode === '0755' ? '0644' : '0755' },
          { ...one, sizeBytes: one.sizeBytes + 1 },
          { ...one, type: one.type === 'file' ? 'symlink' : 'file' },
          { ...one, sha256: one.sha256?.startsWith('0') ? 'f'.repeat(64) : '0'.repeat(64) },
        ]
        const digests = changes.map((changed) => digestContent(list.with(index, changed)))
        expect(new Set([digestContent(list), ...digests]).size).toBe(changes.length + 1)
        expect(digestContent(list.toSpliced(index, 1))).not.toBe(digestContent(list))
      },
    ),
  )
})

test('the form is the documented one', () => {
  // printf 'fairlead/content/1\nfile 0755 2 <64 a> a/b\0directory 0755 0 - é\0' | sha256sum
  expect(
    digestContent([
      { path: 'é', type: 'directory', mode: '0755', sizeBytes: 0 },
      { path: 'a/b', type: 'file', mode: '0755', sizeBytes: 2, sha256: 'a'.repeat(64) },
    ]),
  ).toBe('12bef01f08cb30b43c5b0cfdab5d1f687188abb5b57765724503fe08f9acf2de')
})
