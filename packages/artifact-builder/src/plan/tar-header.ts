/**
 * The headers of a tar, after POSIX pax (IEEE Std 1003.1, ustar Interchange Format and pax Header Block), and of that
 * only what an artifact needs. Whatever two programs could read in two ways is refused: GNU's own long names, global
 * headers, hard links, devices, owners, numbers and texts with something behind them.
 */

/** An entry as its headers describe it. */
export interface TarEntryFacts {
  /** Without the `/` that ends the name of a directory. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink'
  /** Permission bits. */
  readonly mode: number
  /** Of a file: its bytes, which follow the header. Of a symlink: those of its target. Of a directory: zero. */
  readonly sizeBytes: number
  /** Where a symlink points. */
  readonly target: string | undefined
}

/** What an extended header says instead of the header that follows it. */
export type TarExtension = Readonly<Partial<Record<(typeof extensionKeys)[number], string>>>

/** What a block of 512 bytes says. */
export type TarHeader =
  | { readonly type: 'end' }
  | { readonly type: 'extension'; readonly sizeBytes: number }
  | { readonly type: 'entry'; readonly facts: TarEntryFacts }
  | { readonly type: 'fault'; readonly fault: string }

/** The unit of a tar: headers are one block, contents are filled up to whole ones. */
export const tarBlockBytes = 512

const extensionKeys = ['path', 'linkpath', 'size'] as const
const entryTypes = { '0': 'file', '2': 'symlink', '5': 'directory' } as const
/** `ustar`, a zero byte and the version 00; GNU's own form has spaces there. */
const magic = 'ustar\x0000'
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Thrown and caught within this file. */
class Fault extends Error {}

/** Reads a header, with the extension that stood before it. */
export function parseTarHeader(block: Buffer, extension: TarExtension | undefined): TarHeader {
  return orFault(() => {
    if (block.every((byte) => byte === 0)) return { type: 'end' }
    requireChecksum(block)
    if (block.toString('latin1', 257, 265) !== magic) throw new Fault('it is no tar of the POSIX kind')
    const letter = String.fromCharCode(block[156] as number)
    if (letter === 'x') {
      if (extension) throw new Fault('it has two extended headers for one entry')
      return { type: 'extension', sizeBytes: readNumber(block, 124, 12) }
    }
    const type = entryTypes[letter as keyof typeof entryTypes] as TarEntryFacts['type'] | undefined
    if (type === undefined) throw new Fault(`it has an entry of the type ${JSON.stringify(letter)}`)
    return { type: 'entry', facts: readEntry(block, type, extension ?? {}) }
  })
}

/** Reads the records of an extended header: `<length> <key>=<value>\n`, one for each key. */
export function parseTarExtension(bytes: Buffer): TarExtension | { readonly fault: string } {
  return orFault(() => {
    const found: Partial<Record<(typeof extensionKeys)[number], string>> = {}
    for (let start = 0; start < bytes.length;) {
      const { key, value, end } = readRecord(bytes, start)
      const known = extensionKeys.find((candidate) => candidate === key)
      if (known === undefined) throw new Fault(`an extended header of it has the field ${JSON.stringify(key)}`)
      if (found[known] !== undefined) throw new Fault(`an extended header of it has ${known} twice`)
      found[known] = value
      start = end
    }
    return found
  })
}

function orFault<T>(read: () => T): T | { readonly type: 'fault'; readonly fault: string } {
  try {
    return read()
  } catch (error) {
    if (error instanceof Fault) return { type: 'fault', fault: error.message }
    throw error
  }
}

function readEntry(block: Buffer, type: TarEntryFacts['type'], extension: TarExtension): TarEntryFacts {
  requireNoOwner(block)
  const name = extension.path ?? headerName(block)
  const shown = JSON.stringify(name)
  if ((type === 'directory') !== name.endsWith('/')) throw new Fault(`${shown} is no name of a ${type}`)
  const path = type === 'directory' ? name.slice(0, -1) : name
  if (path.includes('\0') || path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new Fault(`${shown} is no relative path`)
  }
  const target = extension.linkpath ?? readText(block, 157, 100)
  if ((type === 'symlink') !== (target !== '') || target.includes('\0')) {
    throw new Fault(`${shown} has a target that is none of a ${type}`)
  }
  const contentBytes = readSize(block, extension)
  if (type !== 'file' && contentBytes !== 0) throw new Fault(`${shown} is a ${type} and has content`)
  return {
    path,
    type,
    mode: readNumber(block, 100, 8),
    sizeBytes: type === 'symlink' ? Buffer.byteLength(target) : contentBytes,
    target: type === 'symlink' ? target : undefined,
  }
}

function headerName(block: Buffer): string {
  const prefix = readText(block, 345, 155)
  const name = readText(block, 0, 100)
  return prefix === '' ? name : `${prefix}/${name}`
}

/** A tool that unpacks as root gives files to whom the tar names. */
function requireNoOwner(block: Buffer): void {
  const ids = readNumber(block, 108, 8) + readNumber(block, 116, 8)
  if (ids !== 0 || readText(block, 265, 32) !== '' || readText(block, 297, 32) !== '') {
    throw new Fault('it has an entry with an owner')
  }
}

/** Eight GiB and more are said twice: in the extended header, and in the header as a binary number (GNU's base-256). */
function readSize(block: Buffer, { size }: TarExtension): number {
  const inHeader = block[124] === 0x80 ? Number(block.readBigUInt64BE(128)) : readNumber(block, 124, 12)
  const isWhole = block[124] !== 0x80 || block.subarray(125, 128).every((byte) => byte === 0)
  if (!Number.isSafeInteger(inHeader) || !isWhole) throw new Fault('it has an entry of no possible size')
  if (size !== undefined && size !== String(inHeader)) throw new Fault('it has an entry of two sizes')
  return inHeader
}

/** Octal digits, ended by a space or zero bytes. */
function readNumber(block: Buffer, offset: number, length: number): number {
  const digits = /^([0-7]+)[ \0]*$/.exec(block.toString('latin1', offset, offset + length))?.[1]
  if (digits === undefined) throw new Fault('it has a header with a number that is none')
  return Number.parseInt(digits, 8)
}

/** Text up to the first zero byte; nothing may stand behind that. */
function readText(block: Buffer, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length)
  const end = field.indexOf(0)
  if (end >= 0 && field.subarray(end).some((byte) => byte !== 0)) throw new Fault('it has a header with hidden text')
  return decode(end < 0 ? field : field.subarray(0, end))
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new Fault('it has a name that is not UTF-8')
  }
}

/** The sum of the header's bytes, its own field taken as spaces. */
function requireChecksum(block: Buffer): void {
  let sum = 8 * 0x20
  block.forEach((byte, index) => {
    if (index < 148 || index >= 156) sum += byte
  })
  if (readNumber(block, 148, 8) !== sum) throw new Fault('it has a header with a wrong checksum')
}

function readRecord(bytes: Buffer, start: number) {
  const space = bytes.indexOf(0x20, start)
  const length = space < 0 ? '' : bytes.toString('latin1', start, space)
  const end = start + Number(length)
  if (!/^[1-9][0-9]{0,7}$/.test(length) || end > bytes.length || bytes[end - 1] !== 0x0a) {
    throw new Fault('an extended header of it has a record that is none')
  }
  const text = decode(bytes.subarray(space + 1, Math.max(space + 1, end - 1)))
  const equals = text.indexOf('=')
  if (equals <= 0) throw new Fault('an extended header of it has a record that is none')
  return { key: text.slice(0, equals), value: text.slice(equals + 1), end }
}
