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

/**
 * Takes the `aws-chunked` framing off a body; what is left is the object.
 * See https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …/sigv4-streaming-trailers.html
 */
export async function* decodeAwsChunked(body: AsyncIterable<Buffer>, options: DecodeOptions): AsyncGenerator<Buffer> {
  const input = frameReader(body)
  const { signing } = options
  let previous = signing?.claim.signature ?? ''
  for (;;) {
    const head = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(await input.line())
    if (!head) throw new FramingError('a chunk does not begin with its size')
    const sizeBytes = Number.parseInt(head[1] ?? '', 16)
    const claimed = head[2]
    if (signing && claimed === undefined) throw new ChunkSignatureError('a chunk carries no signature')
    const hash = signing ? createHash('sha256') : undefined
    for await (const piece of input.bytes(sizeBytes)) {
      hash?.update(piece)
      yield piece
    }
    if (signing && hash) previous = verifyChunk(signing, previous, hash, claimed ?? '')
    if (sizeBytes === 0) break
    if ((await input.line()) !== '') throw new FramingError('a chunk is longer than its size')
  }
  await readTrailer(input, previous, options)
  if (!(await input.atEnd())) throw new FramingError('there are bytes after the last chunk')
}

function verifyChunk({ key, claim }: ChunkSigning, previous: string, hash: Hash, claimed: string): string {
  const expected = signatureOf(
    key,
    ['AWS4-HMAC-SHA256-PAYLOAD', claim.timestamp, scopeOf(claim), previous, emptyHash, hash.digest('hex')].join('\n'),
  )
  if (!sameText(expected, claimed)) throw new ChunkSignatureError('the signature of a chunk does not match')
  return expected
}

async function readTrailer(input: FrameReader, previous: string, options: DecodeOptions): Promise<void> {
  const trailer: (readonly [string, string])[] = []
  for (let line = await input.lineOrEnd(); line !== '' && line !== undefined; line = await input.lineOrEnd()) {
    const mark = line.indexOf(':')
    if (mark < 1) throw new FramingError('a trailing header has no name')
    trailer.push([line.slice(0, mark).trim().toLowerCase(), line.slice(mark + 1).trim()])
  }
  const headers = trailer.filter(([name]) => name !== 'x-amz-trailer-signature')
  if (!options.hasTrailer && trailer.length > 0) throw new FramingError('there is a trailer that was not announced')
  if (options.signing && options.hasTrailer) {
    const { key, claim } = options.signing
    const claimed = trailer.find(([name]) => name === 'x-amz-trailer-signature')?.[1]
    const text = headers.map(([name, value]) => `${name}:${value}\n`).join('')
    const expected = signatureOf(
      key,
      ['AWS4-HMAC-SHA256-TRAILER', claim.timestamp, scopeOf(claim), previous, sha256Hex(text)].join('\n'),
    )
    if (!sameText(expected, claimed ?? '')) throw new ChunkSignatureError('the signature of the trailer does not match')
  }
  for (const [name, value] of headers) options.onTrailer(name, value)
}

interface FrameReader {
  /** A line without its end. */
  readonly line: () => Promise<string>
  readonly lineOrEnd: () => Promise<string | undefined>
  /** Exactly so many bytes, in pieces as they arrive. */
  readonly bytes: (count: number) => AsyncGenerator<Buffer>
  readonly atEnd: () => Promise<boolean>
}

function frameReader(body: AsyncIterable<Buffer>): FrameReader {
  const source = body[Symbol.asyncIterator]()
  let pending: Buffer = Buffer.alloc(0)
  const more = async (): Promise<Buffer | undefined> => {
    const next = await source.next()
    return next.done ? undefined : next.value
  }
  const lineOrEnd = async (): Promise<string | undefined> => {
    for (;;) {
      const end = pending.indexOf('\r\n')
      if (end >= 0) {
        const line = pending.toString('utf8', 0, end)
        pending = pending.subarray(end + 2)
        return line
      }
      if (pending.length > lineLimitBytes) throw new FramingError('a line of the framing is too long')
      const chunk = await more()
      if (chunk === undefined) {
        if (pending.length > 0) throw new FramingError('the body ends inside a line of the framing')
        return undefined
      }
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    }
  }
  return {
    lineOrEnd,
    line: async () => {
      const line = await lineOrEnd()
      if (line === undefined) throw new FramingError('the body ends before its last chunk')
      return line
    },
    bytes: async function* (count) {
      for (let left = count; left > 0;) {
        const chunk = pending.length > 0 ? pending : await more()
        if (chunk === undefined) throw new FramingError('the body ends inside a chunk')
        const piece = chunk.subarray(0, left)
        pending = chunk.subarray(piece.length)
        left -= piece.length
        if (piece.length > 0) yield piece
      }
    },
    atEnd: async () => {
      while (pending.length === 0) {
        const chunk = await more()
        if (chunk === undefined) return true
        pending = chunk
      }
      return false
    },
  }
}
