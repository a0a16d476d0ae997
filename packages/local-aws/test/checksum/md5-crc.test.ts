import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digestOf, type DigestName } from '../../src/checksum/checksums.ts'
import { startDigests } from '../../src/checksum/digests.ts'
import { crcAlgorithms, startMd5Crc } from '../../src/checksum/md5-crc/start.ts'

/** The same catalogue of parametrised CRC algorithms as in checksums.test.ts, for the text 123456789. */
const checkValues = { CRC32: 'cbf43926', CRC32C: 'e3069283', CRC64NVME: 'ae8b14860a799888' } as const

/** RFC 1321, appendix A.5. */
const md5Suite = [
  ['', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['a', '0cc175b9c0f1b6a831c399e269772661'],
  ['abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
  ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
  [
    '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
    '57edf4a22be3c955ac49da2e2107b67a',
  ],
] as const

function hexOf(algorithm: (typeof crcAlgorithms)[number], pieces: readonly Uint8Array[]) {
  const digest = startMd5Crc(algorithm)
  for (const piece of pieces) digest.update(piece)
  const { md5, crc } = digest.digest()
  return { md5: md5.toString('hex'), crc: crc.toString('hex') }
}

describe.each(crcAlgorithms)('MD5 and %s in one pass', (algorithm) => {
  test('have the published check values', () => {
    expect(hexOf(algorithm, [Buffer.from('123456789')])).toEqual({
      md5: '25f9e794323b453885f5181f1b624d0b',
      crc: checkValues[algorithm],
    })
  })

  test.each(md5Suite)('have the MD5 that RFC 1321 tells of %j', (text, md5) => {
    expect(hexOf(algorithm, [Buffer.from(text)]).md5).toBe(md5)
  })

  test('are those of OpenSSL and of the CRC by itself, for every length around a block', () => {
    for (let length = 0; length <= 200; length++) {
      const bytes = randomBytes(length)
      expect(hexOf(algorithm, [bytes])).toEqual({
        md5: createHash('md5').update(bytes).digest('hex'),
        crc: digestOf(algorithm, bytes).toString('hex'),
      })
    }
  })

  test('do not depend on how the bytes are cut, nor on bodies that come at the same time', () => {
    const size = fc.integer({ min: 0, max: 70_000 })
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), size), { maxLength: 12 }), (cuts) => {
        const bodies = [startMd5Crc(algorithm), startMd5Crc(algorithm)] as const
        const pieces: [Buffer[], Buffer[]] = [[], []]
        for (const [isSecond, length] of cuts) {
          const piece = randomBytes(length)
          bodies[isSecond ? 1 : 0].update(piece)
          pieces[isSecond ? 1 : 0].push(piece)
        }
        for (const index of [1, 0] as const) {
          const whole = Buffer.concat(pieces[index])
          expect(bodies[index].digest()).toEqual({ md5: digestOf('MD5', whole), crc: digestOf(algorithm, whole) })
        }
      }),
    )
  })
})

test.each<readonly [readonly DigestName[]]>([
  [[]],
  [['MD5']],
  [['CRC32C']],
  [['MD5', 'SHA256']],
  [['SHA1', 'CRC64NVME', 'MD5', 'CRC32']],
])('the digests %j come in that order', (algorithms) => {
  const bytes = randomBytes(100_001)
  const digests = startDigests(algorithms)
  digests.update(bytes.subarray(0, 70_000))
  digests.update(bytes.subarray(70_000))
  expect(digests.digest()).toEqual(algorithms.map((algorithm) => digestOf(algorithm, bytes)))
})
