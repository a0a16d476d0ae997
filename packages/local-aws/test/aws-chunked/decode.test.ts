import { describe, expect, test } from 'vitest'
import { startDecoder, type ChunkSigning } from '../../src/aws-chunked/decode.ts'
import { signingKey } from '../../src/sigv4/canonical.ts'

// The example of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
const scope = { date: '20130524', region: 'us-east-1', service: 's3' }
const signing: ChunkSigning = {
  key: signingKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', scope),
  claim: {
    ...scope,
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    signedHeaders: [],
    signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    timestamp: '20130524T000000Z',
    expiresSeconds: undefined,
  },
}
const signed = Buffer.from(
  [
    `10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648`,
    'a'.repeat(65_536),
    `400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497`,
    'a'.repeat(1024),
    `0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9`,
    '',
    '',
  ].join('\r\n'),
)
const withTrailer = '5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n'

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

function decode(
  bytes: Buffer | string,
  options: { readonly signing?: ChunkSigning; readonly hasTrailer?: boolean; readonly size?: number } = {},
) {
  const trailer: Record<string, string> = {}
  const decoder = startDecoder({
    signing: options.signing,
    hasTrailer: options.hasTrailer ?? false,
    onTrailer: (name, value) => {
      trailer[name] = value
    },
  })
  const chunks: Buffer[] = []
  for (const piece of pieces(Buffer.from(bytes), options.size ?? 1000)) chunks.push(...decoder.decode(piece))
  decoder.end()
  return { text: Buffer.concat(chunks).toString('utf8'), trailer }
}

describe('a body of signed chunks', () => {
  test("is AWS's published example", () => {
    const { text } = decode(signed, { signing })
    expect(text).toBe('a'.repeat(66_560))
  })

  test('is refused where a byte of a chunk differs', () => {
    const tampered = Buffer.from(signed)
    tampered[65_000] = 0x62
    expect(() => decode(tampered, { signing })).toThrow('the signature of a chunk does not match')
  })

  test('is refused where a chunk is left out', () => {
    const second = signed.indexOf('400;chunk')
    const last = signed.indexOf('0;chunk-signature=b6c6')
    const shortened = Buffer.concat([signed.subarray(0, second), signed.subarray(last)])
    expect(() => decode(shortened, { signing })).toThrow('the signature of a chunk does not match')
  })

  test('is refused where a chunk carries no signature', () => {
    expect(() => decode('5\r\nhello\r\n0\r\n\r\n', { signing })).toThrow('a chunk carries no signature')
  })

  test('is refused where it announced a signed trailer and has none', () => {
    expect(() => decode(signed, { signing, hasTrailer: true })).toThrow('signature of the trailer')
  })
})

describe('a body of unsigned chunks', () => {
  test.each([1, 2, 3, 7, 1000])('is put together from pieces of %i bytes', (size) => {
    const { text, trailer } = decode(withTrailer, { hasTrailer: true, size })
    expect(text).toBe('hello world')
    expect(trailer).toEqual({ 'x-amz-checksum-crc32': 'DUoRhQ==' })
  })

  test('may be empty', () => {
    expect(decode('0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', { hasTrailer: true })).toMatchObject({ text: '' })
  })

  test.each([
    ['it ends inside a chunk', '5\r\nhel', 'ends inside a chunk'],
    ['it ends before the last chunk', '5\r\nhello\r\n', 'ends before its last chunk'],
    ['it ends inside a line', '5\r\nhello\r\n0', 'ends inside a line'],
    ['a chunk is longer than its size', '4\r\nhello\r\n0\r\n\r\n', 'longer than its size'],
    ['a size is no number', 'x\r\nhello\r\n0\r\n\r\n', 'does not begin with its size'],
    ['a line does not end', 'f'.repeat(10_000), 'too long'],
    ['bytes follow the end', '0\r\n\r\nmore', 'after the last chunk'],
    ['a trailer was not announced', '0\r\na:b\r\n\r\n', 'not announced'],
  ])('is refused where %s', (_, text, message) => {
    expect(() => decode(text)).toThrow(message)
  })
})
