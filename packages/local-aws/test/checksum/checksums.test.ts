import { describe, expect, test } from 'vitest'
import { isDigestText, startDigest, type ChecksumAlgorithm } from '../../src/checksum/checksums.ts'

/** The check values of the catalogue of parametrised CRC algorithms, and of FIPS 180, for the text 123456789. */
const checkValues: readonly (readonly [ChecksumAlgorithm | 'MD5', string])[] = [
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
  ['CRC64NVME', 'ae8b14860a799888'],
  ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
  ['MD5', '25f9e794323b453885f5181f1b624d0b'],
]

describe('a digest', () => {
  test.each(checkValues)('%s has the published check value', (algorithm, hex) => {
    const digest = startDigest(algorithm)
    digest.update(Buffer.from('123456789'))
    expect(digest.digest().toString('hex')).toBe(hex)
  })

  test.each(checkValues)('%s does not depend on how the bytes are cut', (algorithm) => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7919) % 256))
    const whole = startDigest(algorithm)
    whole.update(bytes)
    const cut = startDigest(algorithm)
    for (let from = 0, size = 1; from < bytes.length; from += size, size = (size % 37) + 1) {
      cut.update(bytes.subarray(from, from + size))
    }
    expect(cut.digest()).toEqual(whole.digest())
  })

  test('is read from base64 of its own length only', () => {
    expect(isDigestText('CRC32', 'y/Q5Jg==')).toBe(true)
    expect(isDigestText('CRC32', 'y/Q5')).toBe(false)
    expect(isDigestText('CRC32', 'y_Q5Jg==')).toBe(false)
    expect(isDigestText('SHA256', 'y/Q5Jg==')).toBe(false)
  })
})
