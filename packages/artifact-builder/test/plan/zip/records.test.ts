import { expect, test } from 'vitest'
import { dosTimeOf, encodeDirectory, takesZip64, type ZipColumns } from '../../../src/plan/zip/records.ts'

const fourGiB = 2 ** 32
const time = dosTimeOf(0)

/** The directory of so many empty files, whose headers all begin at one place. */
function directoryOf(count: number, options: { readonly headersAt?: number; readonly offset?: number } = {}): Buffer {
  const columns: ZipColumns = {
    names: { bytes: Buffer.alloc(count, 'a'), ends: Uint32Array.from({ length: count }, (_, index) => index + 1) },
    modes: new Uint16Array(count).fill(0o100644),
    deflated: new Uint8Array(count),
    checksums: new Uint32Array(count),
    compressedBytes: new Float64Array(count),
    sizeBytes: new Float64Array(count),
  }
  const headersAt = new Float64Array(count).fill(options.headersAt ?? 0)
  return Buffer.concat([...encodeDirectory(columns, headersAt, options.offset ?? 0, time)])
}

/** Whether the directory ends with the zip64 record: its locator stands right before the plain end. */
function hasEnd64(directory: Buffer): boolean {
  return directory.readUInt32LE(directory.length - 22 - 20) === 0x07064b50
}

test('exactly 65,535 entries need the zip64 record, because that number means «see there»', () => {
  expect(hasEnd64(directoryOf(65_534))).toBe(false)
  expect(hasEnd64(directoryOf(65_535))).toBe(true)
  expect(hasEnd64(directoryOf(65_536))).toBe(true)
})

test('an offset of 4 GiB - 1 needs 64 bits, one less does not', () => {
  const extraBytes = (offset: number) => directoryOf(1, { headersAt: offset }).readUInt16LE(30)
  expect(extraBytes(fourGiB - 2)).toBe(0)
  expect(extraBytes(fourGiB - 1)).toBe(4 + 8)
})

test('a directory that begins at 4 GiB - 1 needs the zip64 record', () => {
  expect(hasEnd64(directoryOf(1, { offset: fourGiB - 2 }))).toBe(false)
  expect(hasEnd64(directoryOf(1, { offset: fourGiB - 1 }))).toBe(true)
})

test('a file has 64-bit sizes as soon as it could grow to 4 GiB by being compressed', () => {
  expect(takesZip64(4_000_000_000)).toBe(false)
  expect(takesZip64(fourGiB - 1)).toBe(true)
  expect(takesZip64(fourGiB - 1024)).toBe(true)
})

const moments: Readonly<Record<string, readonly [number, number, number]>> = {
  'before 1980 is 1980': [0, 0x0021, 0],
  'the first moment of 1980': [Date.UTC(1980, 0, 1), 0x0021, 0],
  'odd seconds are rounded down': [
    Date.UTC(2026, 10, 25, 21, 36, 59),
    (46 << 9) | (11 << 5) | 25,
    (21 << 11) | (36 << 5) | 29,
  ],
  'after 2107 is the last moment of 2107': [
    Date.UTC(3000, 0, 1),
    (127 << 9) | (12 << 5) | 31,
    (23 << 11) | (59 << 5) | 29,
  ],
}

test.each(Object.entries(moments))('DOS time: %s', (_name, [ms, date, dosTime]) => {
  expect(dosTimeOf(ms)).toEqual({ date, time: dosTime })
})
