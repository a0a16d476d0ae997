/** Lines that the kernel writes of entries: what they are made of, and how they look. */
import type { Texts } from '../texts.ts'

/** What is written of an entry, one behind the other: texts as they are, and fields. */
export type LinePattern = readonly (string | LineField)[]

/** `json-path` is escaped as in a string of JSON; a path has no slash at its end. */
export interface LineField {
  readonly field: 'json-path' | 'path' | 'type' | 'mode' | 'size' | 'digest'
}

/** How a line looks. */
export interface LinePatterns {
  /** Of a file or a link. */
  readonly file: LinePattern
  readonly folder: LinePattern
}

/** What lines are made of, by number. */
export interface LineColumns {
  /** That of a folder has a `/` at its end. */
  readonly names: Texts
  /** Unix modes with their type bits. */
  readonly modes: Uint16Array
  readonly sizeBytes: Float64Array
  /** SHA-256, 32 bytes each. */
  readonly digests: Uint8Array
}

/** What the headers of a zip's directory say besides, by number. */
export interface HeaderColumns extends Pick<LineColumns, 'names' | 'modes' | 'sizeBytes'> {
  /** 1 where the bytes are deflated, 0 where they are stored. */
  readonly deflated: Uint8Array
  /** CRC-32 of the bytes as they are outside of the zip. */
  readonly checksums: Uint32Array
  readonly compressedBytes: Float64Array
  /** Where the header before the data of each entry begins. */
  readonly headersAt: Float64Array
}

/** Entries `first` to `end - 1`. */
export interface EntryRange {
  readonly first: number
  readonly end: number
}

/** In the order of the kernel's numbers. */
const lineFields = ['json-path', 'path', 'type', 'mode', 'size', 'digest'] as const
const firstField = 128
/** One behind the other, each behind its length. */
const typeNames = ['file', 'symlink', 'directory'] as const
const typeNameBytes = 16

/** As kernel/lines.ts reads it. */
export function encodePattern(pattern: LinePattern): Uint8Array {
  const bytes = pattern.flatMap((part) => {
    if (typeof part !== 'string') return [firstField + lineFields.indexOf(part.field)]
    const text = Buffer.from(part)
    return [text.length, ...text]
  })
  return Uint8Array.from([...bytes, 0])
}

export function encodeTypeNames(): Uint8Array {
  const bytes = Buffer.alloc(typeNames.length * typeNameBytes)
  for (const [number, name] of typeNames.entries()) {
    const at = number * typeNameBytes
    bytes[at] = name.length
    bytes.write(name, at + 1)
  }
  return bytes
}
