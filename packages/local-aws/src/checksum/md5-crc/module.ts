/**
 * A WebAssembly module that computes the MD5 and a CRC of the same bytes in one pass, written out instruction by
 * instruction. MD5 is a chain in which every step waits for the one before, so that most of a processor idles: the
 * look-ups of the CRC fit into its gaps. See docs/decisions/0016-md5-and-crc-in-one-pass.md.
 */

/** Where everything lies in the module's memory, in bytes. */
export const layout = {
  /** The four words of MD5's state. */
  md5At: 0,
  /** The register of the CRC, 64 bits wide whatever the CRC is. */
  crcAt: 16,
  stateBytes: 24,
  /** Written and never read: see `fence`. */
  fenceAt: 24,
  /** MD5's 64 constants. */
  sinesAt: 256,
  /** Eight tables of 256 entries. */
  tablesAt: 1024,
  inputAt: 64 * 1024,
  inputBytes: 64 * 1024,
} as const

/** What MD5 takes at a time. */
export const blockBytes = 64

/** RFC 1321, section 3.4: how far each step rotates, and which word of the block it adds. */
const rotations = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const
const wordOfStep = [
  (step: number) => step % 16,
  (step: number) => (5 * step + 1) % 16,
  (step: number) => (3 * step + 5) % 16,
  (step: number) => (7 * step) % 16,
] as const

type Code = readonly number[]

/** https://webassembly.github.io/spec/core/binary/instructions.html */
const op = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  end: [0x0b],
  i32: {
    geU: [0x4f],
    add: [0x6a],
    and: [0x71],
    or: [0x72],
    xor: [0x73],
    rotl: [0x77],
    wrapI64: [0xa7],
  },
  i64: { and: [0x83], xor: [0x85], shl: [0x86], shrU: [0x88] },
} as const
const local = {
  get: (index: number): Code => [0x20, ...unsigned(index)],
  set: (index: number): Code => [0x21, ...unsigned(index)],
}
const constant = {
  i32: (value: number): Code => [0x41, ...signed(value)],
  i64: (value: number): Code => [0x42, ...signed(value)],
}
/** The second byte is the alignment, as a power of two; it is a hint. */
const memory = {
  load: (at: number): Code => [0x28, 2, ...unsigned(at)],
  load64: (at: number): Code => [0x29, 3, ...unsigned(at)],
  load8To64: (at: number): Code => [0x31, 0, ...unsigned(at)],
  load32To64: (at: number): Code => [0x35, 2, ...unsigned(at)],
  store: (at: number): Code => [0x36, 2, ...unsigned(at)],
  store64: (at: number): Code => [0x37, 3, ...unsigned(at)],
}
const branch = (depth: number): Code => [0x0c, depth]
const branchIf = (depth: number): Code => [0x0d, depth]

/** The arguments of both functions, and their variables. */
const [from, to, a, b, c, d, crc, word] = [0, 1, 2, 3, 4, 5, 6, 7]

/**
 * The module's bytes. It imports its memory as `fairlead.memory` and exports `blocks(from, to)`, which takes whole blocks
 * of 64 bytes into both digests, and `crcBytes(from, to)`, which takes any number of bytes into the CRC alone.
 */
export function md5CrcModule({ crcBits }: { readonly crcBits: 32 | 64 }): Uint8Array<ArrayBuffer> {
  const functionType = [0x60, 2, 0x7f, 0x7f, 0]
  const importedMemory = [...name('fairlead'), ...name('memory'), 2, 0, ...unsigned(2)]
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, ...functionType]),
    ...section(2, [1, ...importedMemory]),
    ...section(3, [2, 0, 0]),
    ...section(7, [2, ...name('blocks'), 0, 0, ...name('crcBytes'), 0, 1]),
    ...section(10, [2, ...body(takeBlocks(crcBits)), ...body(takeCrcBytes(crcBits))]),
  ])
}

function takeBlocks(crcBits: number): Code {
  const state = [a, b, c, d]
  return [
    ...state.flatMap((variable, index) => [...readAt(layout.md5At + index * 4), ...local.set(variable)]),
    ...whileLeft(blockBytes, [
      ...md5StepsWithCrc(crcBits),
      ...state.flatMap((variable, index) => {
        const at = layout.md5At + index * 4
        const sum = [...local.get(variable), ...readAt(at), ...op.i32.add, ...local.set(variable)]
        return [...sum, ...constant.i32(0), ...local.get(variable), ...memory.store(at)]
      }),
    ]),
  ]
}

/** The 64 steps of a block, and after every eighth the CRC of eight bytes. */
function md5StepsWithCrc(crcBits: number): Code {
  return Array.from({ length: 64 }, (_, step) => {
    // Each step writes the variable that the one after the next three reads last.
    const [w, x, y, z] = [a, b, c, d].map((_, index, all) => all[(index + 64 - step) % 4]) as [
      number,
      number,
      number,
      number,
    ]
    const code = md5Step(step, [w, x, y, z])
    return step % 8 === 7 ? [...code, ...fence(w), ...crcOfEight(step - 7, crcBits)] : code
  }).flat()
}

/**
 * A compiler may move sums to where they are used, which is behind all the look-ups; it may not move a write. Without it
 * the two digests run one after the other.
 */
function fence(variable: number): Code {
  return [...constant.i32(0), ...local.get(variable), ...memory.store(layout.fenceAt)]
}

function md5Step(step: number, [w, x, y, z]: readonly [number, number, number, number]): Code {
  const round = step >> 4
  const wordAt = (wordOfStep[round]?.(step) ?? 0) * 4
  const rotation = rotations[round]?.[step % 4] ?? 0
  // From memory, as a constant would become a part of the sum that everything waits for.
  const sine = readAt(layout.sinesAt + step * 4)
  const known = [...local.get(w), ...local.get(from), ...memory.load(wordAt), ...op.i32.add, ...sine, ...op.i32.add]
  return [
    ...addRound(round, known, [x, y, z]),
    ...[...constant.i32(rotation), ...op.i32.rotl],
    ...[...local.get(x), ...op.i32.add, ...local.set(w)],
  ]
}

/** Adds F, G, H or I of RFC 1321. What depends on `x`, the newest of them, comes last: the rest is ready before it. */
function addRound(round: number, known: Code, [x, y, z]: readonly [number, number, number]): Code {
  const [xx, yy, zz] = [local.get(x), local.get(y), local.get(z)]
  const notZ = [...zz, ...constant.i32(-1), ...op.i32.xor]
  const { add, and, or, xor } = op.i32
  switch (round) {
    case 0:
      return [...known, ...yy, ...zz, ...xor, ...xx, ...and, ...zz, ...xor, ...add]
    case 1:
      // The two halves have no bit in common: they can be added one by one.
      return [...known, ...yy, ...notZ, ...and, ...add, ...xx, ...zz, ...and, ...add]
    case 2:
      return [...known, ...yy, ...zz, ...xor, ...xx, ...xor, ...add]
    default:
      return [...known, ...notZ, ...xx, ...or, ...yy, ...xor, ...add]
  }
}

/** The CRC of the eight bytes at `from + offset`, by eight tables ("slicing by eight"). */
function crcOfEight(offset: number, crcBits: number): Code {
  return [
    ...[...local.get(from), ...memory.load64(offset), ...local.get(crc), ...op.i64.xor, ...local.set(word)],
    ...Array.from({ length: 8 }, (_, byte) => [
      ...lookUp(7 - byte, byte * 8, crcBits),
      ...(byte === 0 ? [] : op.i64.xor),
    ]).flat(),
    ...local.set(crc),
  ]
}

/** The entry of a table that the eight bits of `word` from `shift` on choose. */
function lookUp(table: number, shift: number, crcBits: number): Code {
  const entryBytes = crcBits / 8
  const scale = Math.log2(entryBytes)
  const moved =
    shift < scale ? [...constant.i64(scale - shift), ...op.i64.shl] : [...constant.i64(shift - scale), ...op.i64.shrU]
  const index = [...local.get(word), ...moved, ...constant.i64(0xff << scale), ...op.i64.and, ...op.i32.wrapI64]
  const at = layout.tablesAt + table * 256 * entryBytes
  return [...index, ...(crcBits === 64 ? memory.load64(at) : memory.load32To64(at))]
}

function takeCrcBytes(crcBits: number): Code {
  return whileLeft(1, [
    ...[...local.get(from), ...memory.load8To64(0), ...local.get(crc), ...op.i64.xor, ...local.set(word)],
    ...lookUp(0, 0, crcBits),
    ...[...local.get(crc), ...constant.i64(8), ...op.i64.shrU, ...op.i64.xor, ...local.set(crc)],
  ])
}

/** Runs the code with the CRC's register at hand, until `from`, which grows by so many bytes, has reached `to`. */
function whileLeft(stepBytes: number, code: Code): Code {
  return [
    ...[...constant.i32(0), ...memory.load64(layout.crcAt), ...local.set(crc)],
    ...[...op.block, ...op.loop],
    ...[...local.get(from), ...local.get(to), ...op.i32.geU, ...branchIf(1)],
    ...code,
    ...[...local.get(from), ...constant.i32(stepBytes), ...op.i32.add, ...local.set(from), ...branch(0)],
    ...[...op.end, ...op.end],
    ...[...constant.i32(0), ...local.get(crc), ...memory.store64(layout.crcAt)],
  ]
}

function readAt(at: number): Code {
  return [...constant.i32(0), ...memory.load(at)]
}

/** A function's body: four variables of 32 bits behind the arguments, two of 64, the code. */
function body(code: Code): Code {
  const bytes = [2, 4, 0x7f, 2, 0x7e, ...code, ...op.end]
  return [...unsigned(bytes.length), ...bytes]
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content]
}

function name(text: string): Code {
  return [text.length, ...Buffer.from(text, 'ascii')]
}

/** LEB128, as https://webassembly.github.io/spec/core/binary/values.html has it. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): Code {
  const isLast = value >= -64 && value < 64
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]
}
