import { createHash } from 'node:crypto'
import type { ManifestEntry } from '@fairlead/core'
import fc from 'fast-check'
import { compareBytes } from '../../src/plan/byte-order.ts'
import type { LineColumns } from '../../src/plan/kernel/lines.ts'
import { typeBits } from '../../src/plan/zip/records.ts'

const path = fc
  .array(
    fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.constantFrom('"', '\\', '\n', '\u0001', 'é', 'a b')),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((parts) => parts.join('').replaceAll('/', '_'))

const facts = fc.record({
  path,
  type: fc.constantFrom('file' as const, 'symlink' as const, 'directory' as const),
  mode: fc.constantFrom('0644', '0755', '0777'),
  sizeBytes: fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constant(0)),
  // Few contents: some of them stand there more than once.
  content: fc.nat(20),
})

/** Entries of a manifest in the order of their paths. */
export const sortedEntries = (maxLength: number): fc.Arbitrary<readonly ManifestEntry[]> =>
  fc
    .uniqueArray(facts, { selector: (entry) => entry.path, maxLength, size: 'max' })
    .map((entries) =>
      entries
        .map(({ type, content, sizeBytes, ...rest }) =>
          type === 'directory'
            ? { ...rest, type, sizeBytes: 0 }
            : { ...rest, type, sizeBytes, sha256: createHash('sha256').update(`${content}`).digest('hex') },
        )
        .sort((a, b) => compareBytes(a.path, b.path)),
    )

/** The same as the engine has them. */
export function columnsOf(entries: readonly ManifestEntry[]): LineColumns {
  const names = entries.map(({ path, type }) => Buffer.from(type === 'directory' ? `${path}/` : path))
  let end = 0
  return {
    names: { bytes: Buffer.concat(names), ends: Uint32Array.from(names.map(({ length }) => (end += length))) },
    modes: Uint16Array.from(entries.map(({ type, mode }) => typeBits[type] | Number.parseInt(mode, 8))),
    sizeBytes: Float64Array.from(entries.map(({ sizeBytes }) => sizeBytes)),
    digests: Buffer.concat(entries.map(({ sha256 = '' }) => Buffer.from(sha256.padEnd(64, '0'), 'hex'))),
  }
}
