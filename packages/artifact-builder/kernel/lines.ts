/** A line of text for each entry of a zip, from columns of numbers and bytes. */
import { columns, filePattern, folderPattern, typeNames } from './memory'
import { addNoise, clearNoise } from './noise'

/** What a byte of a pattern says: zero ends it, up to here it is the length of a text that follows, above it a field. */
const longestText: u8 = 127

const jsonPathField: u8 = 128
const pathField: u8 = 129
const typeField: u8 = 130
const modeField: u8 = 131
const sizeField: u8 = 132
const digestField: u8 = 133

const digestBytes: usize = 32

const typeShift: u32 = 12
const folderType: u32 = 4
const linkType: u32 = 10

let sizes: usize = 0
let digests: usize = 0
let nameEnds: usize = 0
let modes: usize = 0
let names: usize = 0
let nameBase: u32 = 0

/**
 * Says that columns of so many entries lie one behind the other: sizes as f64, digests, where each name ends as u32,
 * modes as u16, and the names themselves, of which the first one begins at `base` of the numbers that say where they end.
 */
export function placeColumns(count: u32, base: u32): void {
  sizes = columns
  digests = sizes + 8 * (count as usize)
  nameEnds = digests + digestBytes * (count as usize)
  modes = nameEnds + 4 * (count as usize)
  names = modes + 2 * (count as usize)
  nameBase = base
}

/** Writes the lines of entries `first` to `end - 1` of the columns, and answers where they end. */
export function writeLines(first: u32, end: u32, into: usize): usize {
  clearNoise()
  let to = into
  for (let index = first; index < end; index++) to = writeLine(index, to)
  return to
}

function writeLine(index: u32, into: usize): usize {
  const type = (load<u16>(modes + 2 * (index as usize)) as u32) >>> typeShift
  let pattern = type === folderType ? folderPattern : filePattern
  let to = into
  for (let said = load<u8>(pattern); said !== 0; said = load<u8>(pattern)) {
    pattern++
    if (said <= longestText) {
      memory.copy(to, pattern, said)
      to += said
      pattern += said
    } else to = writeField(said, index, type, to)
  }
  return to
}

function writeField(field: u8, index: u32, type: u32, into: usize): usize {
  switch (field) {
    case jsonPathField:
      return writeJsonPath(index, type, into)
    case pathField:
      return writePath(index, type, into)
    case typeField:
      return writeTypeName(type, into)
    case modeField:
      return writeMode(load<u16>(modes + 2 * (index as usize)), into)
    case sizeField:
      return writeNumber(load<f64>(sizes + 8 * (index as usize)) as u64, into)
    default:
      return writeDigest(digests + digestBytes * (index as usize), into)
  }
}

function nameStart(index: u32): usize {
  return index === 0 ? names : names + (load<u32>(nameEnds + 4 * ((index - 1) as usize)) - nameBase)
}

/** The slash at the end of a folder's name is no part of its path. */
function pathEnd(index: u32, type: u32): usize {
  return names + (load<u32>(nameEnds + 4 * (index as usize)) - nameBase) - (type === folderType ? 1 : 0)
}

function writePath(index: u32, type: u32, into: usize): usize {
  const start = nameStart(index)
  const length = pathEnd(index, type) - start
  memory.copy(into, start, length)
  return into + length
}

/** Of UTF-8, JSON escapes quotes, backslashes and control characters (RFC 8259, 7). */
function writeJsonPath(index: u32, type: u32, into: usize): usize {
  const end = pathEnd(index, type)
  let to = into
  for (let from = nameStart(index); from < end; from++) {
    const byte = load<u8>(from)
    if (byte < 0x20 || byte === 0x22 || byte === 0x5c) to = writeEscaped(byte, to)
    else store<u8>(to++, byte)
  }
  return to
}

function writeEscaped(byte: u8, into: usize): usize {
  store<u8>(into, 0x5c)
  const short = shortEscape(byte)
  if (short !== 0) {
    store<u8>(into + 1, short)
    return into + 2
  }
  store<u8>(into + 1, 0x75)
  store<u16>(into + 2, 0x3030)
  return writeHex(byte, into + 4)
}

/** The letter behind the backslash, as JSON.stringify has it; zero where there is none. */
function shortEscape(byte: u8): u8 {
  switch (byte) {
    case 0x08:
      return 0x62
    case 0x09:
      return 0x74
    case 0x0a:
      return 0x6e
    case 0x0c:
      return 0x66
    case 0x0d:
      return 0x72
    case 0x22:
    case 0x5c:
      return byte
    default:
      return 0
  }
}

/** Each name is preceded by its length. */
function writeTypeName(type: u32, into: usize): usize {
  const name = typeNames + (type === folderType ? 32 : type === linkType ? 16 : 0)
  const length = load<u8>(name)
  memory.copy(into, name + 1, length)
  return into + length
}

/** Four octal digits. */
function writeMode(mode: u32, into: usize): usize {
  for (let digit: u32 = 0; digit < 4; digit++) {
    store<u8>(into + digit, (0x30 + ((mode >>> (9 - 3 * digit)) & 7)) as u8)
  }
  return into + 4
}

function writeNumber(number: u64, into: usize): usize {
  let length: usize = 1
  for (let rest = number / 10; rest > 0; rest /= 10) length++
  let rest = number
  for (let at = into + length; at > into; rest /= 10) store<u8>(--at, (0x30 + (rest % 10)) as u8)
  return into + length
}

function writeDigest(from: usize, into: usize): usize {
  addNoise(into)
  let to = into
  for (let byte: usize = 0; byte < digestBytes; byte++) to = writeHex(load<u8>(from + byte), to)
  return to
}

function writeHex(byte: u8, into: usize): usize {
  store<u8>(into, hexDigit(byte >>> 4))
  store<u8>(into + 1, hexDigit(byte & 15))
  return into + 2
}

// @ts-ignore: decorator
@inline
function hexDigit(value: u8): u8 {
  return value < 10 ? 0x30 + value : 0x57 + value
}
