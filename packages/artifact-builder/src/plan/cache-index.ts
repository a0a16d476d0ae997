/**
 * The index of an entry cache: what is known of each entry of a zip that was built before, in arrays by number, in the
 * order of the bytes of the names. Numbers that a hundred thousand entries have are compared in milliseconds this way.
 */
import { createHash, createHmac, timingSafeEqual, type KeyObject } from 'node:crypto'
import type { JsonObject } from '@fairlead/core'
import type { KeptChoice } from './kept-choice.ts'
import { bufferOf, startOf, type Texts } from './texts.ts'
import type { DosTime } from './zip/records.ts'

/** The first bytes of an index; another form gets another number. */
const magic = 'fairlead/entry-cache/3\n'

const digestBytes = 32
/** Modification time, change time, inode, device. */
export const numbersOfIdentity = 4

/** The arrays of an index, in the order in which they stand in its file. */
const sections = {
  names: Uint8Array,
  nameEnds: Uint32Array,
  sizeBytes: Float64Array,
  checksums: Uint32Array,
  compressedBytes: Float64Array,
  deflated: Uint8Array,
  digests: Uint8Array,
  blobIds: Uint8Array,
  hasBlobId: Uint8Array,
  clean: Uint8Array,
  identities: Float64Array,
  dataOffsets: Float64Array,
  rows: Uint32Array,
} as const

type SectionName = keyof typeof sections

/** Over memory that threads share, or not. */
type Sections = {
  readonly [Name in SectionName]: InstanceType<(typeof sections)[Name]> extends Float64Array
    ? Float64Array
    : InstanceType<(typeof sections)[Name]> extends Uint32Array
      ? Uint32Array
      : Uint8Array
}

/** What an index says besides its arrays. */
export interface CacheFacts {
  /** Compressor, level and rules that the entries come from. */
  readonly key: string
  /** The file beside the index that holds the compressed bytes. */
  readonly pack: string
  readonly packBytes: number
  readonly packSha256: string
  readonly count: number
  /** Of git's ids. */
  readonly idBytes: number
  /** What the headers in the pack say. */
  readonly dosTime: DosTime
  /** The artifact as a whole, where every file of its tree had settled. */
  readonly whole?: KeptArtifact | undefined
  /** How its entries were chosen: by {@link CacheIndex} `rows` of the listing. */
  readonly choice?: Omit<KeptChoice, 'rows'> | undefined
}

/** What is known of the artifact that is the pack. */
export interface KeptArtifact {
  /** All that it depends on. */
  readonly fingerprint: string
  readonly contentDigest: string
  readonly entryCount: number
  /** Of files' contents and links' targets. */
  readonly contentBytes: number
  readonly fileCount: number
  /** What was told of it, without the times. */
  readonly events: readonly JsonObject[]
}

/**
 * Of each entry: its name in the zip, size, CRC-32, compressed size, 1 where deflated, SHA-256, git's id and whether it
 * is known, 1 where no secret was found, the identity of its file (NaN where it cannot be trusted), where its compressed
 * bytes begin in the pack; and the numbers of the entries in the listing of the tree (none where that is not known).
 */
export type CacheIndex = CacheFacts & Sections

/**
 * Digests what a cache says of itself. With a key, nobody who has not got it can write the same (HMAC, RFC 2104).
 */
export function cacheDigest(cacheKey: KeyObject | undefined) {
  return cacheKey === undefined ? createHash('sha256') : createHmac('sha256', cacheKey)
}

/** Writes an index into bytes that say themselves when they are damaged, and with a key also when others wrote them. */
export function encodeCacheIndex(index: CacheIndex, cacheKey: KeyObject | undefined): Buffer[] {
  const { key, pack, packBytes, packSha256, count, idBytes, dosTime, whole, choice } = index
  const names = Object.keys(sections) as SectionName[]
  const lengths = names.map((name) => index[name].byteLength)
  const facts = Buffer.from(
    JSON.stringify({ key, pack, packBytes, packSha256, count, idBytes, dosTime, whole, choice, lengths }),
  )
  const head = Buffer.alloc(aligned(magic.length + 4 + facts.length))
  head.write(magic)
  head.writeUInt32LE(facts.length, magic.length)
  facts.copy(head, magic.length + 4)
  const parts = [head, ...names.flatMap((name) => alignedPart(index[name]))]
  const digest = cacheDigest(cacheKey)
  for (const part of parts) digest.update(part)
  return [...parts, digest.digest()]
}

/** `undefined`: not an index, of another form, cut off, changed in one bit, or not of that key. */
export function decodeCacheIndex(bytes: Uint8Array, cacheKey: KeyObject | undefined): CacheIndex | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = buffer.length - digestBytes
  if (end < magic.length + 4 || buffer.toString('latin1', 0, magic.length) !== magic) return undefined
  const digest = cacheDigest(cacheKey).update(buffer.subarray(0, end)).digest()
  if (!timingSafeEqual(digest, buffer.subarray(end))) return undefined
  try {
    return readSections(bytes, buffer)
  } catch (error) {
    // JSON or lengths that are none, behind a digest that fits: not written by this library.
    if (error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError) return undefined
    throw error
  }
}

function readSections(bytes: Uint8Array, buffer: Buffer): CacheIndex | undefined {
  const factsBytes = buffer.readUInt32LE(magic.length)
  const facts = JSON.parse(buffer.toString('utf8', magic.length + 4, magic.length + 4 + factsBytes)) as CacheFacts & {
    readonly lengths: readonly number[]
  }
  let at = aligned(magic.length + 4 + factsBytes)
  const arrays = Object.entries(sections).map(([name, kind], section) => {
    const length = facts.lengths[section] ?? 0
    const array = new kind(bytes.buffer as ArrayBuffer, bytes.byteOffset + at, length / kind.BYTES_PER_ELEMENT)
    at += aligned(length)
    return [name, array] as const
  })
  const index: CacheIndex = { ...facts, ...(Object.fromEntries(arrays) as unknown as Sections) }
  return hasOneOfEach(index) && hasWholeChoice(index) && isSound(index) ? index : undefined
}

function hasOneOfEach(index: CacheIndex): boolean {
  const { count, idBytes, names, nameEnds, digests, blobIds, identities } = index
  const perEntry = [
    'sizeBytes',
    'checksums',
    'compressedBytes',
    'deflated',
    'hasBlobId',
    'clean',
    'dataOffsets',
  ] as const
  return (
    [...perEntry, 'nameEnds' as const].every((name) => index[name].length === count) &&
    (nameEnds[count - 1] ?? 0) === names.length &&
    digests.length === count * digestBytes &&
    blobIds.length === count * idBytes &&
    identities.length === count * numbersOfIdentity
  )
}

/** Whether what is said of the choice is all of it; the manifest is not chosen. */
function hasWholeChoice({ count, choice, rows }: CacheIndex): boolean {
  if (choice === undefined) return rows.length === 0
  return typeof choice.fingerprint === 'string' && Array.isArray(choice.warnings) && rows.length === count - 1
}

/** Whether every number leads to where there is something: a digest that fits proves only that nothing was damaged. */
function isSound({ count, packBytes, nameEnds, dataOffsets, compressedBytes }: CacheIndex): boolean {
  let nameStart = 0
  for (let place = 0; place < count; place++) {
    const nameEnd = nameEnds[place] as number
    const offset = dataOffsets[place] as number
    const bytes = compressedBytes[place] as number
    if (nameEnd < nameStart) return false
    if (!isCount(offset) || !isCount(bytes) || offset + bytes > packBytes) return false
    nameStart = nameEnd
  }
  return true
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** Arrays of 64-bit numbers begin at multiples of eight bytes. */
function aligned(length: number): number {
  return Math.ceil(length / 8) * 8
}

function alignedPart(array: ArrayBufferView): Buffer[] {
  const part = Buffer.from(array.buffer, array.byteOffset, array.byteLength)
  return [part, Buffer.alloc(aligned(part.length) - part.length)]
}

/** Entries that are to be packed, in columns by number, in the order of the bytes of their paths. */
export interface WantedEntries {
  readonly count: number
  /** As in the zip. */
  readonly names: Texts
  readonly sizeBytes: Float64Array
  /** Modification time, change time, inode and device; NaN where they are not known, or the entry is no file. */
  readonly identities: Float64Array
  /** 1 where git's id must be known. */
  readonly tracked: Uint8Array
}

/** Where entries stand in the index; -1: nowhere. */
export interface CacheMatches {
  /** Same name, same state of the same file, no secret in it: need not be read. Lanes add what they find to be the same. */
  readonly unchanged: Int32Array
  /** Same name and size, no secret in it: all that is known of it holds where its digest is the same. */
  readonly alike: Int32Array
  /** Same name: the first place to look when the file has been read. */
  readonly sameName: Int32Array
}

/** Compares entries with an index: both come in the same order, so that each name is looked at once, or not at all. */
export function matchEntries(index: CacheIndex, wanted: WantedEntries, matches: CacheMatches): CacheMatches {
  const names = { bytes: index.names, ends: index.nameEnds }
  const compare = areSame(names, wanted.names) ? compareNumbers : compareNames(names, wanted.names)
  // The last one is the manifest, which is nobody's.
  const end = index.count - 1
  let place = 0
  for (let number = 0; number < wanted.count; number++) {
    let order = -1
    while (place < end && (order = compare(place, number)) < 0) place++
    const found = order === 0 ? place : -1
    const isAlikeFound = found >= 0 && isAlike(index, found, wanted, number)
    matches.sameName[number] = found
    matches.alike[number] = isAlikeFound ? found : -1
    matches.unchanged[number] = isAlikeFound && isSameState(index, found, wanted, number) ? found : -1
  }
  return matches
}

function areSame(some: Texts, others: Texts): boolean {
  return bufferOf(some.bytes).equals(bufferOf(others.bytes)) && bufferOf(some.ends).equals(bufferOf(others.ends))
}

function compareNumbers(one: number, other: number): number {
  return one - other
}

const slash = 0x2f

/** By the bytes of their paths: the slash at the end of a folder's name is no part of one, but makes another name. */
function compareNames(some: Texts, others: Texts): (one: number, other: number) => number {
  const [someBytes, otherBytes] = [some, others].map(({ bytes }) => bufferOf(bytes)) as [Buffer, Buffer]
  return (one, other) => {
    const [from, to] = [startOf(some, one), some.ends[one] as number]
    const [otherFrom, otherTo] = [startOf(others, other), others.ends[other] as number]
    const isFolder = someBytes[to - 1] === slash ? 1 : 0
    const otherIsFolder = otherBytes[otherTo - 1] === slash ? 1 : 0
    const order = someBytes.compare(otherBytes, otherFrom, otherTo - otherIsFolder, from, to - isFolder)
    return order === 0 ? isFolder - otherIsFolder : order
  }
}

function isAlike(index: CacheIndex, place: number, wanted: WantedEntries, number: number): boolean {
  if (index.clean[place] !== 1 || index.sizeBytes[place] !== wanted.sizeBytes[number]) return false
  return wanted.tracked[number] !== 1 || index.hasBlobId[place] === 1
}

function isSameState(index: CacheIndex, place: number, wanted: WantedEntries, number: number): boolean {
  const [at, wantedAt] = [place * numbersOfIdentity, number * numbersOfIdentity]
  return (
    index.identities[at] === wanted.identities[wantedAt] &&
    index.identities[at + 1] === wanted.identities[wantedAt + 1] &&
    index.identities[at + 2] === wanted.identities[wantedAt + 2] &&
    index.identities[at + 3] === wanted.identities[wantedAt + 3]
  )
}

/** How far from `first` on, at most to `end`, unchanged entries stand one behind the other in the pack too. */
export function runEnd(unchanged: Int32Array, first: number, end: number): number {
  const place = unchanged[first] as number
  if (place < 0) return first
  let next = first + 1
  while (next < end && unchanged[next] === place + next - first) next++
  return next
}

/**
 * A file's identity for an index: not to be trusted where the file changed so shortly before it was read that a later
 * change could have the same times. Git calls such an entry racily clean
 * (https://git-scm.com/docs/racy-git); two seconds are the coarsest time stamps in use, those of FAT.
 */
export function isSettled(mtimeMs: number, ctimeMs: number, readFromMs: number): boolean {
  return Math.max(mtimeMs, ctimeMs) < readFromMs - 2000
}
