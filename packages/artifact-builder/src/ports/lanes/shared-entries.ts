import { hash } from 'node:crypto'
import type { PlannedEntry } from '../../model.ts'
import type { PlannedEntries } from '../../plan/choose-entries.ts'
import { numbersOfIdentity } from '../../plan/cache-index.ts'
import { typeBits } from '../../plan/zip/records.ts'
import { factsPerPath, identityAt } from './list-lane.ts'

/** A typed array that every thread sees. */
export function sharedArray<T>(
  kind: { readonly BYTES_PER_ELEMENT: number; new (buffer: SharedArrayBuffer): T },
  length: number,
): T {
  return new kind(new SharedArrayBuffer(length * kind.BYTES_PER_ELEMENT))
}

/** Texts in memory that every thread sees: objects would be copied for each of them. */
export interface SharedTexts {
  readonly bytes: Uint8Array
  /** Where each text ends. */
  readonly ends: Uint32Array
}

export function shareTexts(texts: readonly string[]): SharedTexts {
  const ends = sharedArray(Uint32Array, texts.length)
  const joined = texts.join('')
  const whole = Buffer.from(joined)
  const bytes = sharedArray(Uint8Array, whole.length)
  bytes.set(whole)
  // Most names are ASCII, and asking for the bytes of each takes longer than all else here.
  const isAscii = whole.length === joined.length
  let end = 0
  texts.forEach((text, index) => {
    end += isAscii ? text.length : Buffer.byteLength(text)
    ends[index] = end
  })
  return { bytes, ends }
}

/** What answers one of the texts. */
export function openTexts({ bytes, ends }: SharedTexts): (index: number) => string {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (index) => whole.toString('utf8', index === 0 ? 0 : (ends[index - 1] as number), ends[index])
}

export const entryTypes = ['file', 'symlink', 'directory'] as const

/**
 * The entries of a plan, by number, in memory that every thread sees; behind them, with the number {@link count}, the one
 * that is written last.
 */
export interface SharedEntries {
  readonly count: number
  /** Names as they stand in a zip: that of a folder ends with `/`. */
  readonly names: SharedTexts
  /** Where files stand below root. */
  readonly sources: SharedTexts
  /** Targets of links, by entry. */
  readonly targets: ReadonlyMap<number, string>
  /** Index into {@link entryTypes}. */
  readonly types: Uint8Array
  /** Unix modes with their type bits, as they stand in a zip. */
  readonly modes: Uint16Array
  /** 1 where git's id of the bytes is wanted. */
  readonly tracked: Uint8Array
  readonly sizeBytes: Float64Array
  /** {@link numbersOfIdentity} for each, as they were listed; NaN of what is no file. */
  readonly identities: Float64Array
}

const modeBits: Readonly<Record<PlannedEntry['mode'], number>> = { '0644': 0o644, '0755': 0o755, '0777': 0o777 }

export function shareEntries(
  entries: PlannedEntries,
  options: {
    /** Of the listing that the entries are chosen from, and where they stand there. */
    readonly facts: Float64Array
    readonly rows: Uint32Array
    readonly isTracked: (source: string) => boolean
    readonly lastPath: string
  },
): SharedEntries {
  const { facts, rows, isTracked, lastPath } = options
  const { length: count } = entries
  const names: string[] = []
  const sources: string[] = []
  let isMoved = false
  const targets = new Map<number, string>()
  const types = sharedArray(Uint8Array, count + 1)
  const modes = sharedArray(Uint16Array, count + 1)
  const tracked = sharedArray(Uint8Array, count + 1)
  const sizeBytes = sharedArray(Float64Array, count + 1)
  const identities = sharedArray(Float64Array, (count + 1) * numbersOfIdentity).fill(Number.NaN)
  modes[count] = typeBits.file | 0o644
  for (let index = 0; index < count; index++) {
    const entry = entries.at(index) as PlannedEntry
    const isFolder = entry.type === 'directory'
    names.push(isFolder ? `${entry.path}/` : entry.path)
    sources.push(isFolder ? '' : entry.source)
    isMoved ||= !isFolder && entry.source !== entry.path
    types[index] = entryTypes.indexOf(entry.type)
    modes[index] = typeBits[entry.type] | modeBits[entry.mode]
    tracked[index] = isTracked(entry.source) ? 1 : 0
    if (entry.type === 'file') {
      sizeBytes[index] = entry.sizeBytes
      const at = (rows[index] as number) * factsPerPath + identityAt
      for (let number = 0; number < numbersOfIdentity; number++) {
        identities[index * numbersOfIdentity + number] = facts[at + number] as number
      }
    }
    if (entry.type === 'symlink') {
      targets.set(index, entry.target)
      sizeBytes[index] = Buffer.byteLength(entry.target)
    }
  }
  const sharedNames = shareTexts([...names, lastPath])
  return {
    ...{ count, targets, types, modes, tracked, sizeBytes, identities },
    names: sharedNames,
    sources: isMoved ? shareTexts(sources) : sharedNames,
  }
}

/** What threads found out about the entries, by number. */
export interface SharedResults {
  readonly checksums: Uint32Array
  readonly compressedBytes: Float64Array
  /** 1 where the bytes are deflated, 0 where they are stored. */
  readonly deflated: Uint8Array
  /** SHA-256, 32 bytes each. */
  readonly digests: Uint8Array
  /** Git's ids of the tracked ones, {@link idBytes} each. */
  readonly blobIds: Uint8Array
  readonly idBytes: number
  /** Where compressed bytes come from: index into {@link origins}. */
  readonly origins: Uint8Array
  /** 1 where a file was looked through for secrets and none found. */
  readonly clean: Uint8Array
  /** Modification time, change time, inode and device of files as they were read, four numbers each. */
  readonly identities: Float64Array
}

/**
 * `compressed`: by this build. `unchanged`: nothing about the file has changed since an earlier build, it was not read.
 * `same-content`: it was read, and has the bytes that an earlier build compressed.
 */
export const origins = ['compressed', 'unchanged', 'same-content'] as const

export const digestBytes = 32

/** Puts the SHA-256 of bytes at a place among digests. As a text: to make a buffer for each takes half of the time. */
export function writeDigest(digests: Buffer, place: number, bytes: Uint8Array): void {
  digests.write(hash('sha256', bytes, 'binary'), place * digestBytes, digestBytes, 'latin1')
}

/** Room for the results of so many entries, and of the one behind them. */
export function shareResults(entryCount: number, objectFormat: 'sha1' | 'sha256'): SharedResults {
  const count = entryCount + 1
  const idBytes = objectFormat === 'sha256' ? 32 : 20
  return {
    checksums: sharedArray(Uint32Array, count),
    compressedBytes: sharedArray(Float64Array, count),
    deflated: sharedArray(Uint8Array, count),
    digests: sharedArray(Uint8Array, count * digestBytes),
    blobIds: sharedArray(Uint8Array, count * idBytes),
    idBytes,
    origins: sharedArray(Uint8Array, count),
    clean: sharedArray(Uint8Array, count),
    identities: sharedArray(Float64Array, count * numbersOfIdentity),
  }
}
