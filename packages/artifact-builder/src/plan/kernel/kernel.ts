import { createHash } from 'node:crypto'
import type { DosTime } from '../zip/records.ts'
import { kernelCode } from './kernel-code.ts'
import {
  encodePattern,
  encodeTypeNames,
  type EntryRange,
  type HeaderColumns,
  type LineColumns,
  type LinePatterns,
} from './lines.ts'

/** The types of Node know the standard's types, and not what makes one of them. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** What kernel/index.ts exports. */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly sourceAddress: { readonly value: number }
  readonly sourceSize: { readonly value: number }
  readonly targetAddress: { readonly value: number }
  readonly triplePlacesAddress: { readonly value: number }
  readonly passageAddress: { readonly value: number }
  readonly passageSize: { readonly value: number }
  readonly columnsAddress: { readonly value: number }
  readonly filePatternAddress: { readonly value: number }
  readonly folderPatternAddress: { readonly value: number }
  readonly typeNamesAddress: { readonly value: number }
  readonly deflate: (dictionaryBytes: number, bytes: number, isLast: number, tries: number, hasNoise: number) => number
  readonly inflatesTo: (deflatedBytes: number, bytes: number) => number
  readonly nextWindow: (from: number, last: number) => number
  readonly placeColumns: (count: number, base: number) => void
  readonly writeLines: (first: number, end: number, into: number) => number
  readonly writeHeaders: (count: number, base: number, time: number, date: number, into: number) => number
}

/**
 * The loops over every byte of a tree, and over every entry: compression, its proof, the search for secrets, and lines
 * that say something of each entry. One in each thread.
 */
export interface Kernel {
  /** Where content is put that is to be compressed: 32 KiB of what stands before it in its file, and 4 MiB. */
  readonly source: Buffer
  /**
   * Compresses `bytes` of {@link source} behind `dictionaryBytes` to which they may refer, and answers raw deflate
   * (RFC 1951), until the next call. The same bytes on every machine and in every version of Node.
   */
  readonly deflate: (content: DeflatedContent) => Buffer
  /**
   * Whether raw deflate is that of the first `bytes` of {@link source}. Also `false` where it is of a kind that
   * {@link deflate} never writes: with a code of fewer symbols than its lengths have room for.
   */
  readonly inflatesTo: (deflated: Uint8Array, bytes: number) => boolean
  /**
   * Takes the columns of a range of entries, of no more than {@link source} has room for, and answers what writes the
   * lines of a range within it to a place in {@link source}, and says where they end; until anything is compressed.
   */
  readonly takeColumns: (
    columns: LineColumns,
    range: EntryRange,
    patterns: LinePatterns,
  ) => (lines: EntryRange, at: number) => number
  /**
   * Writes the headers of a range of entries, of no more than {@link source} has room for, as they stand in the directory;
   * answers them, until the next call.
   */
  readonly writeHeaders: (columns: HeaderColumns, range: EntryRange, time: DosTime) => Buffer
  /** The bytes for each triple, see {@link literalSearch}; empty at first. */
  readonly triplePlaces: Buffer
  /** Calls `onWindow` for each window that begins at `from` up to and with `last`, of whose triples the table says so. */
  readonly findWindows: (bytes: Uint8Array, from: number, last: number, onWindow: (start: number) => void) => void
}

export interface DeflatedContent {
  readonly dictionaryBytes: number
  readonly bytes: number
  /** Whether the stream ends with it; if not, it ends at a whole byte. */
  readonly isLast: boolean
  /** How many earlier places are tried for a match. */
  readonly tries: number
  /** Whether it is the lines that were written last: their digests are passed over. Default false. */
  readonly areLines?: boolean
}

/** Names the compressor: what another one has made may be other bytes. */
export const kernelVersion = createHash('sha256').update(kernelCode).digest('hex').slice(0, 16)

const digestBytes = 32
const triplePlacesBytes = 0x10000
const windowBytes = 4

let opened: Kernel | undefined

/** The kernel of this thread. */
export function openKernel(): Kernel {
  return (opened ??= startKernel())
}

function startKernel(): Kernel {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(kernelCode, 'base64')))
  const { memory, deflate, inflatesTo, nextWindow, placeColumns, writeLines, writeHeaders, ...addresses } =
    instance.exports as KernelExports
  const { sourceAddress, sourceSize, targetAddress, triplePlacesAddress, passageAddress, passageSize } = addresses
  const target = Buffer.from(memory.buffer, targetAddress.value, sourceSize.value)
  const passage = Buffer.from(memory.buffer, passageAddress.value, passageSize.value)

  const everything = Buffer.from(memory.buffer)
  everything.set(encodeTypeNames(), addresses.typeNamesAddress.value)
  const setPatterns = ({ file, folder }: LinePatterns) => {
    everything.set(encodePattern(file), addresses.filePatternAddress.value)
    everything.set(encodePattern(folder), addresses.folderPatternAddress.value)
  }
  /** Puts them one behind the other, the names last; answers where the first name begins. */
  const setColumns = (columns: readonly ArrayBufferView[], names: LineColumns['names'], { first, end }: EntryRange) => {
    const base = first === 0 ? 0 : (names.ends[first - 1] as number)
    let at = addresses.columnsAddress.value
    for (const { buffer, byteOffset, byteLength } of [
      ...columns,
      names.bytes.subarray(base, end === first ? base : names.ends[end - 1]),
    ]) {
      everything.set(new Uint8Array(buffer, byteOffset, byteLength), at)
      at += byteLength
    }
    return base
  }

  const findAt = (address: number, from: number, last: number, onWindow: (start: number) => void) => {
    let at = nextWindow(address + from, address + last)
    for (; at !== 0; at = nextWindow(at + 1, address + last)) onWindow(at - address)
  }
  const findElsewhere = (bytes: Uint8Array, from: number, last: number, onWindow: (start: number) => void) => {
    const step = passage.length - windowBytes
    for (let at = from; at <= last; at += step) {
      const part = bytes.subarray(at, Math.min(at + passage.length, last + windowBytes))
      passage.set(part)
      findAt(passageAddress.value, 0, Math.min(step - 1, last - at), (start) => onWindow(at + start))
    }
  }
  return {
    source: Buffer.from(memory.buffer, sourceAddress.value, sourceSize.value),
    triplePlaces: Buffer.from(memory.buffer, triplePlacesAddress.value, triplePlacesBytes),
    deflate: ({ dictionaryBytes, bytes, isLast, tries, areLines = false }) => {
      const length = deflate(dictionaryBytes, bytes, isLast ? 1 : 0, tries, areLines ? 1 : 0)
      return Buffer.from(memory.buffer, targetAddress.value, length)
    },
    inflatesTo: (deflated, bytes) => {
      if (deflated.length > target.length) return false
      target.set(deflated)
      return inflatesTo(deflated.length, bytes) !== 0
    },
    takeColumns: ({ names, modes, sizeBytes, digests }, range, patterns) => {
      const { first, end } = range
      const digestsOf = digests.subarray(first * digestBytes, end * digestBytes)
      const columns = [
        sizeBytes.subarray(first, end),
        digestsOf,
        names.ends.subarray(first, end),
        modes.subarray(first, end),
      ]
      setPatterns(patterns)
      placeColumns(end - first, setColumns(columns, names, range))
      return (lines, at) =>
        writeLines(lines.first - first, lines.end - first, sourceAddress.value + at) - sourceAddress.value
    },
    writeHeaders: (
      { names, sizeBytes, compressedBytes, headersAt, checksums, modes, deflated },
      range,
      { time, date },
    ) => {
      const { first, end } = range
      const columns = [sizeBytes, compressedBytes, headersAt, checksums, names.ends, modes, deflated]
      const base = setColumns(
        columns.map((column) => column.subarray(first, end)),
        names,
        range,
      )
      const headersEnd = writeHeaders(end - first, base, time, date, sourceAddress.value)
      return everything.subarray(sourceAddress.value, headersEnd)
    },
    findWindows: (bytes, from, last, onWindow) => {
      if (last < from) return
      if (bytes.buffer === memory.buffer) findAt(bytes.byteOffset, from, last, onWindow)
      else findElsewhere(bytes, from, last, onWindow)
    },
  }
}
