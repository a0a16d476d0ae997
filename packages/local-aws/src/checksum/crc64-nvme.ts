import type { RunningDigest } from './checksums.ts'

/** The polynomial of the NVM Express specification's 64-bit CRC, reflected, in two halves. */
const [polynomialHigh, polynomialLow] = [0x9a6c9329, 0xac4bc9b5]

interface Table {
  readonly high: Int32Array
  readonly low: Int32Array
}

const tables: readonly Table[] = makeTables()

function makeTables(): readonly Table[] {
  const first: Table = { high: new Int32Array(256), low: new Int32Array(256) }
  for (let byte = 0; byte < 256; byte++) {
    let [high, low] = [0, byte]
    for (let bit = 0; bit < 8; bit++) {
      const carry = low & 1
      low = (low >>> 1) | (high << 31)
      high >>>= 1
      if (carry) {
        high ^= polynomialHigh
        low ^= polynomialLow
      }
    }
    first.high[byte] = high
    first.low[byte] = low
  }
  const all = [first]
  for (let table = 1; table < 8; table++) {
    const before = all[table - 1] as Table
    const next: Table = { high: new Int32Array(256), low: new Int32Array(256) }
    for (let byte = 0; byte < 256; byte++) {
      const [high, low] = [before.high[byte] as number, before.low[byte] as number]
      const index = low & 0xff
      next.low[byte] = ((low >>> 8) | (high << 24)) ^ (first.low[index] as number)
      next.high[byte] = (high >>> 8) ^ (first.high[index] as number)
    }
    all.push(next)
  }
  return all
}

/** CRC-64/NVME, in 32-bit halves: BigInt would be a hundred times slower. */
export function crc64Nvme(): RunningDigest {
  let [high, low] = [-1, -1]
  return {
    update: (piece) => {
      let index = 0
      for (; index + 8 <= piece.length; index += 8) {
        low ^= word(piece, index)
        high ^= word(piece, index + 4)
        const bytes = [
          low & 255,
          (low >>> 8) & 255,
          (low >>> 16) & 255,
          low >>> 24,
          high & 255,
          (high >>> 8) & 255,
          (high >>> 16) & 255,
          high >>> 24,
        ]
        low = 0
        high = 0
        for (let step = 0; step < 8; step++) {
          const table = tables[7 - step] as Table
          const byte = bytes[step] as number
          low ^= table.low[byte] as number
          high ^= table.high[byte] as number
        }
      }
      const table = tables[0] as Table
      for (; index < piece.length; index++) {
        const byte = (low ^ (piece[index] as number)) & 255
        low = ((low >>> 8) | (high << 24)) ^ (table.low[byte] as number)
        high = (high >>> 8) ^ (table.high[byte] as number)
      }
    },
    digest: () => {
      const bytes = Buffer.alloc(8)
      bytes.writeInt32BE(~high, 0)
      bytes.writeInt32BE(~low, 4)
      return bytes
    },
  }
}

function word(piece: Uint8Array, at: number): number {
  const byte = (offset: number) => piece[at + offset] as number
  return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)
}
