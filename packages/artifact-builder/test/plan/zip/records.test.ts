import { expect, test } from 'vitest'
import { dosTimeOf, encodeDirectory, takesZip64, type CentralEntry } from '../../../src/plan/zip/records.ts'

const fourGiB = 2 ** 32
const time = dosTimeOf(0)

function entry(facts: Partial<CentralEntry> = {}): CentralEntry {
  return {
    name: Buffer.from('a'),
    type: 'file',
    mode: 0o644,
    method: 'stored',
    checksum: 0,
    compressedBytes: 0,
    sizeBytes: 0,
    offset: 0,
    ...facts,
  }
}

/** Whether the directory ends with the zip64 record: its locator stands right before the plain end. */
function hasEnd64(directory: Buffer): boolean {
  return directory.readUInt32LE(directory.length - 22 - 20) === 0x07064b50
}

test('exactly 65,535 entries need the zip64 record, because that number means «see there»', () => {
  const entries = (count: number) => Array.from({ length: count }, () => entry())
  expect(hasEnd64(encodeDirectory(entries(65_534), 0, time))).toBe(false)
  expect(hasEnd64(encodeDirectory(entries(65_535), 0, time))).toBe(true)
  expect(hasEnd64(encodeDirectory(entries(65_536), 0, time))).toBe(true)
})

test('an offset of 4 GiB - 1 needs 64 bits, one less does not', () => {
  const extraBytes = (offset: number) => encodeDirectory([entry({ offset })], 0, time).readUInt16LE(30)
  expect(extraBytes(fourGiB - 2)).toBe(0)
  expect(extraBytes(fourGiB - 1)).toBe(4 + 8)
})

test('a directory that begins at 4 GiB - 1 needs the zip64 record', () => {
  expect(hasEnd64(encodeDirectory([entry()], fourGiB - 2, time))).toBe(false)
  expect(hasEnd64(encodeDirectory([entry()], fourGiB - 1, time))).toBe(true)
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
