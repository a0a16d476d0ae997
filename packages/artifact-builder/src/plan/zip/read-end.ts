import { invalid } from '../refuse.ts'
import { u16, u32, viewed } from './little-endian.ts'

/** Where the directory of a zip lies. */
export interface ZipEnd {
  readonly entryCount: number
  readonly directoryOffset: number
  readonly directoryBytes: number
}

const endBytes = 22
const locatorBytes = 20
const zip64EndBytes = 56

/** How much of the end of a file {@link readEnd} looks at: all of the file where it is shorter. */
export const tailBytes = zip64EndBytes + locatorBytes + endBytes

/** The values that stand where the real one is in the zip64 record (APPNOTE.TXT 4.4.1.4). */
export const inZip64 = { short: 0xffff, long: 0xffffffff }

/**
 * Reads the records that end a zip (APPNOTE.TXT 4.3.14 to 4.3.16). No comment, nothing behind them and nothing between
 * them: a reader that looks for the last signature and one that looks for the first find the same directory.
 *
 * @throws ARTIFACT_INVALID
 */
export function readEnd(path: string, tail: Buffer, fileBytes: number): ZipEnd {
  const at = tail.length - endBytes
  const { view } = viewed(tail)
  if (at < 0 || u32(view, at) !== 0x06054b50) {
    throw invalid(path, 'it does not end with the end of central directory record of a zip')
  }
  const stated = {
    entryCount: u16(view, at + 10),
    directoryBytes: u32(view, at + 12),
    directoryOffset: u32(view, at + 16),
  }
  const isOneDisk = u32(view, at + 4) === 0 && u16(view, at + 8) === stated.entryCount
  if (!isOneDisk) throw invalid(path, 'it is one of several parts of a zip')
  if (u16(view, at + 20) !== 0) throw invalid(path, 'it has a comment')
  const zip64 = readZip64End(path, viewed(tail.subarray(0, at)).view, fileBytes - endBytes)
  const end = zip64?.end ?? stated
  if (zip64) requireSame(path, stated, zip64.end)
  else if (hasEscape(stated)) throw invalid(path, 'it has no zip64 record, which its end asks for')
  if (end.directoryOffset + end.directoryBytes !== (zip64?.at ?? fileBytes - endBytes)) {
    throw invalid(path, 'its directory does not lie where its end says')
  }
  return end
}

function readZip64End(
  path: string,
  tail: DataView,
  tailEnd: number,
): { readonly end: ZipEnd; readonly at: number } | undefined {
  const locator = tail.byteLength - locatorBytes
  if (locator < 0 || u32(tail, locator) !== 0x07064b50) return undefined
  const record = locator - zip64EndBytes
  const at = tailEnd - locatorBytes - zip64EndBytes
  const isThere =
    record >= 0 &&
    u32(tail, locator + 4) === 0 &&
    readLong(path, tail, locator + 8) === at &&
    u32(tail, locator + 16) === 1 &&
    u32(tail, record) === 0x06064b50 &&
    // The bytes that follow this field; more would be room for something that nobody reads.
    readLong(path, tail, record + 4) === zip64EndBytes - 12 &&
    tail.getBigUint64(record + 16, true) === 0n &&
    tail.getBigUint64(record + 24, true) === tail.getBigUint64(record + 32, true)
  if (!isThere) throw invalid(path, 'its zip64 records contradict each other')
  return {
    at,
    end: {
      entryCount: readLong(path, tail, record + 32),
      directoryBytes: readLong(path, tail, record + 40),
      directoryOffset: readLong(path, tail, record + 48),
    },
  }
}

/** Each field of the old record says the same as the new one, or that the new one says it. */
function requireSame(path: string, stated: ZipEnd, real: ZipEnd): void {
  const agrees =
    [real.entryCount, inZip64.short].includes(stated.entryCount) &&
    [real.directoryBytes, inZip64.long].includes(stated.directoryBytes) &&
    [real.directoryOffset, inZip64.long].includes(stated.directoryOffset)
  if (!agrees) throw invalid(path, 'its two end of central directory records contradict each other')
}

function hasEscape({ entryCount, directoryBytes, directoryOffset }: ZipEnd): boolean {
  return entryCount === inZip64.short || directoryBytes === inZip64.long || directoryOffset === inZip64.long
}

/** A number of 64 bits, which no file of today needs all of. */
export function readLong(path: string, view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true))
  if (!Number.isSafeInteger(value)) throw invalid(path, 'it has a size or an offset that no file has')
  return value
}
