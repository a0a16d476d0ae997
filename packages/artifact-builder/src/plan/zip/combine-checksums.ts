/**
 * The CRC-32 of two runs of bytes, one behind the other, from those of each: pieces of a file are checked by several
 * threads at once. The way of zlib's crc32_combine: appending zero bytes multiplies by a power of x modulo the
 * polynomial, which squaring reaches in a step for each bit of the length.
 */
export function combineChecksums(first: number, second: number, secondBytes: number): number {
  return (multiply(powerOfX(secondBytes * 8), first) ^ second) >>> 0
}

/** x^0 in the reflected order of bits that CRC-32 has. */
const one = 0x80000000
const polynomial = 0xedb88320

/** The product of two polynomials modulo CRC-32's, reflected. */
function multiply(a: number, b: number): number {
  let product = 0
  let factor = b
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= factor
    factor = factor & 1 ? (factor >>> 1) ^ polynomial : factor >>> 1
  }
  return product >>> 0
}

/** x to the power of a number, which may be larger than 32 bits. */
function powerOfX(exponent: number): number {
  let power = one
  let square = one >>> 1
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(square, power)
    square = multiply(square, square)
  }
  return power
}
