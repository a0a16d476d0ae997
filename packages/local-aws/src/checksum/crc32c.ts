/** Castagnoli's polynomial, reflected: RFC 3720, appendix B.4. */
const polynomial = 0x82f63b78

/** Eight tables, so that eight bytes are taken at a step. */
const tables = makeTables()

function makeTables(): readonly Int32Array[] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1
    return value
  })
  const all = [first]
  for (let table = 1; table < 8; table++) {
    const before = all[table - 1] as Int32Array
    all.push(before.map((value) => (value >>> 8) ^ (first[value & 0xff] as number)))
  }
  return all
}

/** CRC-32C of `piece` behind the bytes whose CRC-32C is `value`. */
export function crc32c(piece: Uint8Array, value = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as unknown as readonly [
    ...[Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array],
  ]
  const at = (table: Int32Array, index: number) => table[index] as number
  let crc = ~value
  let index = 0
  for (; index + 8 <= piece.length; index += 8) {
    const byte = (offset: number) => piece[index + offset] as number
    crc ^= byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)
    crc =
      at(t7, crc & 0xff) ^
      at(t6, (crc >>> 8) & 0xff) ^
      at(t5, (crc >>> 16) & 0xff) ^
      at(t4, crc >>> 24) ^
      at(t3, byte(4)) ^
      at(t2, byte(5)) ^
      at(t1, byte(6)) ^
      at(t0, byte(7))
  }
  for (; index < piece.length; index++) crc = (crc >>> 8) ^ at(t0, (crc ^ (piece[index] as number)) & 0xff)
  return ~crc >>> 0
}
