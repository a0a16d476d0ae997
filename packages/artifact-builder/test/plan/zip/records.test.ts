import { expect, test } from 'vitest'
import { cutEntries } from '../../../src/plan/cut-entries.ts'
import { openKernel } from '../../../src/plan/kernel/kernel.ts'
import { dosTimeOf, encodeDirectoryEnd, takesZip64 } from '../../../src/plan/zip/records.ts'

const fourGiB = 2 ** 32
const time = dosTimeOf(0)
const { writeHeaders } = openKernel()

/** The directory of so many files, empty if nothing is said, whose headers all begin at one place. */
function directoryOf(
  count: number,
  options: { readonly headersAt?: number; readonly offset?: number; readonly sizeBytes?: number } = {},
): Buffer {
  const { sizeBytes = 0 } = options
  const columns = {
    names: { bytes: Buffer.alloc(count, 'a'), ends: Uint32Array.from({ length: count }, (_, index) => index + 1) },
    modes: new Uint16Array(count).fill(0o100644),
    deflated: new Uint8Array(count),
    checksums: new Uint32Array(count),
    compressedBytes: new Float64Array(count).fill(Math.floor(sizeBytes / 2)),
    sizeBytes: new Float64Array(count).fill(sizeBytes),
    headersAt: new Float64Array(count).fill(options.headersAt ?? 0),
  }
  const parts = cutEntries(columns.names, count, 2 ** 19).map((range) =>
    Buffer.from(writeHeaders(columns, range, time)),
  )
  const headers = Buffer.concat(parts)
  return Buffer.concat([headers, encodeDirectoryEnd({ count, sizeBytes: headers.length, offset: options.offset ?? 0 })])
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

test('the headers of the directory take sizes in 64 bits where those before the data do', () => {
  const sizes = [0, 4_290_000_000, fourGiB - 2, fourGiB - 1, fourGiB, Number.MAX_SAFE_INTEGER]
  // Where it changes, to a byte.
  for (let below = 0, above = fourGiB; above - below > 1;) {
    const middle = Math.floor((below + above) / 2)
    sizes.push(middle)
    if (takesZip64(middle)) above = middle
    else below = middle
  }
  for (const sizeBytes of sizes) {
    const header = directoryOf(1, { sizeBytes })
    const compressedBytes = Math.floor(sizeBytes / 2)
    const [full, field] = [0xffffffff, header.subarray(46 + 1)]
    expect(header.readUInt16LE(30), `${sizeBytes}`).toBe(takesZip64(sizeBytes) ? 4 + 2 * 8 : 0)
    expect([header.readUInt32LE(24), header.readUInt32LE(20)]).toEqual(
      takesZip64(sizeBytes) ? [full, full] : [sizeBytes, compressedBytes],
    )
    if (!takesZip64(sizeBytes)) continue
    expect([field.readUInt16LE(0), field.readUInt16LE(2)]).toEqual([1, 16])
    expect([field.readBigUInt64LE(4), field.readBigUInt64LE(12)].map(Number)).toEqual([sizeBytes, compressedBytes])
  }
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
