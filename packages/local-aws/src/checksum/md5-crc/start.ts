import { blockBytes, layout, md5CrcModule } from './module.ts'

// The types of Node 20 know only the name.
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer
  }
  readonly Module: new (code: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

/** The CRCs that S3 knows. */
export const crcAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME'] as const
export type CrcAlgorithm = (typeof crcAlgorithms)[number]

interface Crc {
  readonly bits: 32 | 64
  /** Reflected. */
  readonly polynomial: bigint
}

/** https://reveng.sourceforge.io/crc-catalogue/all.htm has all three, and their check values. */
const crcs: Readonly<Record<CrcAlgorithm, Crc>> = {
  CRC32: { bits: 32, polynomial: 0xedb88320n },
  CRC32C: { bits: 32, polynomial: 0x82f63b78n },
  CRC64NVME: { bits: 64, polynomial: 0x9a6c9329ac4bc9b5n },
}

/** The MD5 and a CRC of bytes that come piece by piece. */
export interface RunningMd5Crc {
  readonly update: (piece: Uint8Array) => void
  /** The bytes of both digests; call it once. */
  readonly digest: () => { readonly md5: Buffer; readonly crc: Buffer }
}

/** A module that was compiled, and its memory. All bodies share it: each brings its state. */
interface Kernel {
  readonly state: Uint8Array
  readonly input: Uint8Array
  readonly view: DataView
  readonly blocks: (from: number, to: number) => void
  readonly crcBytes: (from: number, to: number) => void
}

const kernels = new Map<CrcAlgorithm, Kernel>()

/** Begins an MD5 and a CRC; on the first call for an algorithm its code is compiled, which takes some milliseconds. */
export function startMd5Crc(algorithm: CrcAlgorithm): RunningMd5Crc {
  const kernel = kernels.get(algorithm) ?? compile(crcs[algorithm])
  kernels.set(algorithm, kernel)
  const { input, view } = kernel
  const state = initialState(crcs[algorithm].bits)
  /** The beginning of a block. */
  const rest = new Uint8Array(blockBytes)
  let restBytes = 0
  let sizeBytes = 0

  /** Takes what fits into the input; answers how much that was. */
  const take = (piece: Uint8Array, at: number): number => {
    input.set(rest.subarray(0, restBytes))
    const some = piece.subarray(at, at + layout.inputBytes - restBytes)
    input.set(some, restBytes)
    const filled = restBytes + some.length
    const whole = filled - (filled % blockBytes)
    kernel.blocks(layout.inputAt, layout.inputAt + whole)
    rest.set(input.subarray(whole, filled))
    restBytes = filled - whole
    return some.length
  }
  return {
    update: (piece) => {
      kernel.state.set(state)
      for (let at = 0; at < piece.length;) at += take(piece, at)
      state.set(kernel.state)
      sizeBytes += piece.length
    },
    digest: () => {
      kernel.state.set(state)
      input.set(rest.subarray(0, restBytes))
      kernel.crcBytes(layout.inputAt, layout.inputAt + restBytes)
      const crc = crcOf(kernel, crcs[algorithm].bits)
      // RFC 1321, sections 3.1 and 3.2: a bit, zeros, and how many bits there were.
      const paddedBytes = restBytes + 9 > blockBytes ? 2 * blockBytes : blockBytes
      input.fill(0, restBytes, paddedBytes)
      input[restBytes] = 0x80
      view.setBigUint64(layout.inputAt + paddedBytes - 8, BigInt(sizeBytes) * 8n, true)
      kernel.blocks(layout.inputAt, layout.inputAt + paddedBytes)
      return { md5: Buffer.from(kernel.state.slice(layout.md5At, layout.md5At + 16)), crc }
    },
  }
}

function compile({ bits, polynomial }: Crc): Kernel {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 })
  const view = new DataView(memory.buffer)
  writeSines(view)
  writeTables(view, { bits, polynomial })
  const module = new WebAssembly.Module(md5CrcModule({ crcBits: bits }))
  const { exports } = new WebAssembly.Instance(module, { fairlead: { memory } })
  return {
    view,
    state: new Uint8Array(memory.buffer, 0, layout.stateBytes),
    input: new Uint8Array(memory.buffer, layout.inputAt, layout.inputBytes),
    ...(exports as Pick<Kernel, 'blocks' | 'crcBytes'>),
  }
}

/** RFC 1321, section 3.4. */
function writeSines(view: DataView): void {
  for (let step = 0; step < 64; step++) {
    view.setUint32(layout.sinesAt + step * 4, Math.floor(2 ** 32 * Math.abs(Math.sin(step + 1))), true)
  }
}

/** The entry of a byte in the nth table: the CRC of that byte and n zeros. */
function writeTables(view: DataView, { bits, polynomial }: Crc): void {
  const first = Array.from({ length: 256 }, (_, byte) => {
    let value = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n
    return value
  })
  let table = first
  for (let index = 0; index < 8; index++) {
    for (const [byte, value] of table.entries()) {
      const at = layout.tablesAt + (index * 256 + byte) * (bits / 8)
      if (bits === 64) view.setBigUint64(at, value, true)
      else view.setUint32(at, Number(value), true)
    }
    table = table.map((value) => (value >> 8n) ^ (first[Number(value & 0xffn)] ?? 0n))
  }
}

/** RFC 1321, section 3.3, and a register of ones. */
function initialState(bits: 32 | 64): Uint8Array {
  const state = Buffer.alloc(layout.stateBytes).fill(0xff, layout.crcAt, layout.crcAt + bits / 8)
  state.write('0123456789abcdeffedcba9876543210', layout.md5At, 'hex')
  return state
}

function crcOf({ view }: Kernel, bits: 32 | 64): Buffer {
  const digest = Buffer.alloc(bits / 8)
  if (bits === 64) digest.writeBigUInt64BE(BigInt.asUintN(64, ~view.getBigUint64(layout.crcAt, true)))
  else digest.writeUInt32BE(~view.getUint32(layout.crcAt, true) >>> 0)
  return digest
}
