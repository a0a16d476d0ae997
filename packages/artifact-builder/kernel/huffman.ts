/** Codes of least length for symbols of known frequencies. */
import { lengthTotals, nextCodes, sortedSymbols, tree } from './memory'

const symbolBits: u32 = 9
const symbolMask: u32 = (1 << symbolBits) - 1

/**
 * Gives each symbol that occurs a code length, the shorter the more often it does, none longer than `longest`. At least
 * two symbols get one, as decoders demand of old.
 */
export function buildCodeLengths(counts: usize, lengths: usize, symbols: i32, longest: i32): void {
  memory.fill(lengths, 0, symbols)
  const used = sortSymbols(counts, symbols)
  if (used < 2) {
    const only = used === 0 ? 0 : load<u32>(sortedSymbols) & symbolMask
    store<u8>(lengths + only, 1)
    store<u8>(lengths + (only === 0 ? 1 : 0), 1)
    return
  }
  growTree(used)
  countLengths(used, longest)
  shorten(longest)
  handOut(lengths, longest)
}

/** Used symbols, the rarest first, each behind its frequency; those of one frequency in their own order. */
function sortSymbols(counts: usize, symbols: i32): i32 {
  let used = 0
  for (let symbol = 0; symbol < symbols; symbol++) {
    const count = load<u32>(counts + 4 * symbol)
    if (count !== 0) store<u32>(sortedSymbols + 4 * used++, (count << symbolBits) | symbol)
  }
  // Shell's sort with Ciura's gaps: few symbols, and no memory for more.
  for (let gap = firstGap(used); gap > 0; gap = nextGap(gap)) {
    for (let at = gap; at < used; at++) {
      const value = load<u32>(sortedSymbols + 4 * at)
      let to = at
      for (; to >= gap; to -= gap) {
        const other = load<u32>(sortedSymbols + 4 * (to - gap))
        if (other <= value) break
        store<u32>(sortedSymbols + 4 * to, other)
      }
      store<u32>(sortedSymbols + 4 * to, value)
    }
  }
  return used
}

function firstGap(count: i32): i32 {
  return count > 132 ? 132 : count > 57 ? 57 : count > 23 ? 23 : count > 10 ? 10 : count > 4 ? 4 : 1
}

function nextGap(gap: i32): i32 {
  return gap === 132 ? 57 : gap === 57 ? 23 : gap === 23 ? 10 : gap === 10 ? 4 : gap === 4 ? 1 : 0
}

// @ts-ignore: decorator
@inline
function node(index: i32): u32 {
  return load<u32>(tree + 4 * index)
}

// @ts-ignore: decorator
@inline
function setNode(index: i32, value: u32): void {
  store<u32>(tree + 4 * index, value)
}

/** Huffman's tree in place; afterwards the inner nodes say how deep they are (Moffat and Katajainen, 1995). */
function growTree(used: i32): void {
  for (let index = 0; index < used; index++) setNode(index, load<u32>(sortedSymbols + 4 * index) >>> symbolBits)
  setNode(0, node(0) + node(1))
  let root = 0
  let leaf = 2
  for (let next = 1; next < used - 1; next++) {
    if (leaf >= used || node(root) < node(leaf)) {
      setNode(next, node(root))
      setNode(root++, next)
    } else setNode(next, node(leaf++))
    if (leaf >= used || (root < next && node(root) < node(leaf))) {
      setNode(next, node(next) + node(root))
      setNode(root++, next)
    } else setNode(next, node(next) + node(leaf++))
  }
  setNode(used - 2, 0)
  for (let next = used - 3; next >= 0; next--) setNode(next, node(node(next)) + 1)
}

/** How many symbols have a code of each length; those that would have a longer one get the longest. */
function countLengths(used: i32, longest: i32): void {
  memory.fill(lengthTotals, 0, 4 * 16)
  let root = used - 2
  let depth = 0
  for (let places = 1; places > 0; depth++) {
    let inner = 0
    for (; root >= 0 && (node(root) as i32) === depth; root--) inner++
    const at = lengthTotals + 4 * (depth < longest ? depth : longest)
    store<u32>(at, load<u32>(at) + places - inner)
    places = 2 * inner
  }
}

/** Where too many codes have the longest length, a shorter one is made longer for each two of them. */
function shorten(longest: i32): void {
  let share: u32 = 0
  for (let length = 1; length <= longest; length++) {
    share += load<u32>(lengthTotals + 4 * length) << (longest - length)
  }
  for (; share > (1 as u32) << longest; share--) {
    let length = longest - 1
    while (load<u32>(lengthTotals + 4 * length) === 0) length--
    const at = lengthTotals + 4 * length
    store<u32>(at, load<u32>(at) - 1)
    store<u32>(at + 4, load<u32>(at + 4) + 2)
    const last = lengthTotals + 4 * longest
    store<u32>(last, load<u32>(last) - 1)
  }
}

/** The longest codes for the rarest symbols. */
function handOut(lengths: usize, longest: i32): void {
  let at = sortedSymbols
  for (let length = longest; length > 0; length--) {
    for (let left = load<u32>(lengthTotals + 4 * length); left > 0; left--) {
      store<u8>(lengths + (load<u32>(at) & symbolMask), length as u8)
      at += 4
    }
  }
}

/** The codes that follow from their lengths (RFC 1951, 3.2.2), their bits turned round as the stream has them. */
export function assignCodes(lengths: usize, bits: usize, symbols: i32, longest: i32): void {
  memory.fill(lengthTotals, 0, 4 * 16)
  for (let symbol = 0; symbol < symbols; symbol++) {
    const at = lengthTotals + 4 * (load<u8>(lengths + symbol) as usize)
    store<u32>(at, load<u32>(at) + 1)
  }
  store<u32>(lengthTotals, 0)
  let code: u32 = 0
  for (let length = 1; length <= longest; length++) {
    code = (code + load<u32>(lengthTotals + 4 * (length - 1))) << 1
    store<u32>(nextCodes + 4 * length, code)
  }
  for (let symbol = 0; symbol < symbols; symbol++) {
    const length = load<u8>(lengths + symbol) as u32
    if (length === 0) continue
    const at = nextCodes + 4 * length
    const next = load<u32>(at)
    store<u32>(at, next + 1)
    store<u16>(bits + 2 * symbol, (turned(next) >>> (16 - length)) as u16)
  }
}

/** Sixteen bits, the last one first. */
// @ts-ignore: decorator
@inline
function turned(bits: u32): u32 {
  let turned = ((bits & 0x5555) << 1) | ((bits >>> 1) & 0x5555)
  turned = ((turned & 0x3333) << 2) | ((turned >>> 2) & 0x3333)
  turned = ((turned & 0x0f0f) << 4) | ((turned >>> 4) & 0x0f0f)
  return ((turned & 0x00ff) << 8) | (turned >>> 8)
}
