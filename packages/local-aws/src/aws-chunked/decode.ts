import { createHash, type Hash } from 'node:crypto'
import { scopeOf, sha256Hex, signatureOf, type SignatureClaim } from '../sigv4/canonical.ts'
import { sameText } from '../sigv4/verify.ts'

/** The framing is not what it should be. */
export class FramingError extends Error {
  override readonly name = 'FramingError'
}

/** A chunk or the trailer is not signed by the key that signed the request. */
export class ChunkSignatureError extends Error {
  override readonly name = 'ChunkSignatureError'
}

/** The signatures of the chunks, each of which covers the one before it. */
export interface ChunkSigning {
  readonly key: Uint8Array
  readonly claim: SignatureClaim
}

export interface DecodeOptions {
  /** `undefined` where the chunks are not signed. */
  readonly signing: ChunkSigning | undefined
  readonly hasTrailer: boolean
  /** Told of each trailing header, its name in lower case, before the body ends. */
  readonly onTrailer: (name: string, value: string) => void
}

const emptyHash = sha256Hex('')
/** A chunk's header is its size in hex and a signature; a trailer holds a checksum and a signature. */
const lineLimitBytes = 4096

/** Takes the framing off a body, piece by piece. */
export interface ChunkDecoder {
  /** The bytes of the object in the next piece of the body; there may be none. */
  readonly decode: (piece: Buffer) => readonly Buffer[]
  /** Refuses a body that is not at its end. */
  readonly end: () => void
}

/** What the framing goes on with: a line, or the bytes of a chunk. */
type Expected = 'size' | 'bytes' | 'end of chunk' | 'trailer' | 'nothing'

/**
 * Takes the `aws-chunked` framing off a body; what is left is the object.
 * See https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …/sigv4-streaming-trailers.html
 */
export function startDecoder(options: DecodeOptions): ChunkDecoder {
  const { signing } = options
  const trailer: (readonly [string, string])[] = []
  let expected: Expected = 'size'
  let previous = signing?.claim.signature ?? ''
  let claimed = ''
  let hash: Hash | undefined
  let leftBytes = 0
  /** The beginning of a line. */
  let rest: Buffer = Buffer.alloc(0)

  const beginChunk = (line: string) => {
    const head = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line)
    if (!head) throw new FramingError('a chunk does not begin with its size')
    leftBytes = Number.parseInt(head[1] ?? '', 16)
    claimed = head[2] ?? ''
    if (signing && claimed === '') throw new ChunkSignatureError('a chunk carries no signature')
    if (signing) hash = createHash('sha256')
    if (leftBytes > 0) expected = 'bytes'
    else {
      endChunk()
      expected = 'trailer'
    }
  }
  const takeBytes = (bytes: Buffer) => {
    hash?.update(bytes)
    leftBytes -= bytes.length
    if (leftBytes > 0) return
    endChunk()
    expected = 'end of chunk'
  }
  const endChunk = () => {
    if (signing && hash) previous = verifyChunk(signing, previous, hash, claimed)
  }
  const endTrailer = () => {
    verifyTrailer(trailer, previous, options)
    expected = 'nothing'
  }
  const takeLine = (line: string) => {
    if (expected === 'size') return beginChunk(line)
    if (expected === 'trailer') return line === '' ? endTrailer() : void trailer.push(readHeader(line))
    if (line !== '') throw new FramingError('a chunk is longer than its size')
    expected = 'size'
  }

  return {
    decode: (piece) => {
      const input = rest.length === 0 ? piece : Buffer.concat([rest, piece])
      const bytes: Buffer[] = []
      let at = 0
      while (at < input.length) {
        if (expected === 'nothing') throw new FramingError('there are bytes after the last chunk')
        if (expected === 'bytes') {
          const some = input.subarray(at, at + leftBytes)
          takeBytes(some)
          bytes.push(some)
          at += some.length
          continue
        }
        const lineEnd = input.indexOf('\r\n', at)
        if (lineEnd < 0) break
        takeLine(input.toString('utf8', at, lineEnd))
        at = lineEnd + 2
      }
      rest = input.subarray(at)
      if (rest.length > lineLimitBytes) throw new FramingError('a line of the framing is too long')
      return bytes
    },
    end: () => {
      if (expected === 'bytes') throw new FramingError('the body ends inside a chunk')
      if (rest.length > 0) throw new FramingError('the body ends inside a line of the framing')
      if (expected === 'size' || expected === 'end of chunk') {
        throw new FramingError('the body ends before its last chunk')
      }
      if (expected === 'trailer') endTrailer()
    },
  }
}

function verifyChunk({ key, claim }: ChunkSigning, previous: string, hash: Hash, claimed: string): string {
  const expected = signatureOf(
    key,
    ['AWS4-HMAC-SHA256-PAYLOAD', claim.timestamp, scopeOf(claim), previous, emptyHash, hash.digest('hex')].join('\n'),
  )
  if (!sameText(expected, claimed)) throw new ChunkSignatureError('the signature of a chunk does not match')
  return expected
}

function readHeader(line: string): readonly [string, string] {
  const mark = line.indexOf(':')
  if (mark < 1) throw new FramingError('a trailing header has no name')
  return [line.slice(0, mark).trim().toLowerCase(), line.slice(mark + 1).trim()]
}

/** Holds the trailer to its signature, and tells of its headers. */
function verifyTrailer(
  trailer: readonly (readonly [string, string])[],
  previous: string,
  { signing, hasTrailer, onTrailer }: DecodeOptions,
): void {
  const headers = trailer.filter(([name]) => name !== 'x-amz-trailer-signature')
  if (!hasTrailer && trailer.length > 0) throw new FramingError('there is a trailer that was not announced')
  if (signing && hasTrailer) {
    const { key, claim } = signing
    const claimed = trailer.find(([name]) => name === 'x-amz-trailer-signature')?.[1]
    const text = headers.map(([name, value]) => `${name}:${value}\n`).join('')
    const expected = signatureOf(
      key,
      ['AWS4-HMAC-SHA256-TRAILER', claim.timestamp, scopeOf(claim), previous, sha256Hex(text)].join('\n'),
    )
    if (!sameText(expected, claimed ?? '')) throw new ChunkSignatureError('the signature of the trailer does not match')
  }
  for (const [name, value] of headers) onTrailer(name, value)
}
