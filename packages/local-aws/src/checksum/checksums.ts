import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { crc32c } from './crc32c.ts'
import { crc64Nvme } from './crc64-nvme.ts'

/** The flexible checksums of S3, by the names that the wire gives them. */
export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]

/**
 * What S3 computes of an object that came without a checksum:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export const defaultChecksum: ChecksumAlgorithm = 'CRC64NVME'

/** What is computed of a body; its entity tag is an MD5. */
export type DigestName = ChecksumAlgorithm | 'MD5'

/** Of a whole object, or of the checksums of its parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

/** A digest that takes its bytes piece by piece. */
export interface RunningDigest {
  readonly update: (piece: Uint8Array) => void
  /** The bytes of the digest; call it once. */
  readonly digest: () => Buffer
}

export function startDigest(algorithm: DigestName): RunningDigest {
  switch (algorithm) {
    case 'CRC32':
      return running32((piece, value) => crc32(piece, value))
    case 'CRC32C':
      return running32(crc32c)
    case 'CRC64NVME':
      return crc64Nvme()
    case 'SHA1':
    case 'SHA256':
    case 'MD5': {
      const hash = createHash(algorithm.toLowerCase())
      return { update: (piece) => void hash.update(piece), digest: () => hash.digest() }
    }
  }
}

/** The digest of bytes that are at hand. */
export function digestOf(algorithm: DigestName, bytes: Uint8Array): Buffer {
  const digest = startDigest(algorithm)
  digest.update(bytes)
  return digest.digest()
}

/** The header that carries a checksum, for example `x-amz-checksum-crc32`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`
}

/** The algorithm whose checksum a header carries. */
export function algorithmOfHeader(name: string): ChecksumAlgorithm | undefined {
  return checksumAlgorithms.find((algorithm) => checksumHeader(algorithm) === name)
}

function digestBytes(algorithm: DigestName): number {
  return { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32, MD5: 16 }[algorithm]
}

/** Whether text is a digest of that algorithm in base64. */
export function isDigestText(algorithm: DigestName, text: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === digestBytes(algorithm) && bytes.toString('base64') === text
}

/** The checksum of checksums that S3 gives a multipart object: `<base64>-<number of parts>`. */
export function compositeChecksum(algorithm: DigestName, parts: readonly Buffer[]): Buffer {
  const digest = startDigest(algorithm)
  for (const part of parts) digest.update(part)
  return digest.digest()
}

function running32(next: (piece: Uint8Array, value: number) => number): RunningDigest {
  let value = 0
  return {
    update: (piece) => {
      value = next(piece, value)
    },
    digest: () => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value >>> 0)
      return bytes
    },
  }
}
