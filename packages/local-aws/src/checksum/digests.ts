import { startDigest, type DigestName } from './checksums.ts'
import { crcAlgorithms, startMd5Crc, type CrcAlgorithm } from './md5-crc/start.ts'

/** Several digests of the same bytes, which come piece by piece. */
export interface RunningDigests {
  readonly update: (piece: Uint8Array) => void
  /** The bytes of each digest, in the order of their names; call it once. */
  readonly digest: () => readonly Buffer[]
}

/** Begins digests of a large body: an MD5 and a CRC take one pass together, whatever else is asked for its own. */
export function startDigests(algorithms: readonly DigestName[]): RunningDigests {
  const crc = crcAlgorithms.find((name) => algorithms.includes(name))
  return algorithms.includes('MD5') && crc ? withOnePass(algorithms, crc) : oneByOne(algorithms)
}

function withOnePass(algorithms: readonly DigestName[], crc: CrcAlgorithm): RunningDigests {
  const both = startMd5Crc(crc)
  const others = algorithms.filter((name) => name !== 'MD5' && name !== crc)
  const rest = oneByOne(others)
  return {
    update: (piece) => {
      both.update(piece)
      rest.update(piece)
    },
    digest: () => {
      const { md5, crc: crcBytes } = both.digest()
      const found = new Map<DigestName, Buffer>([
        ['MD5', md5],
        [crc, crcBytes],
        ...rest.digest().map((digest, index) => [others[index] as DigestName, digest] as const),
      ])
      return algorithms.map((name) => found.get(name) as Buffer)
    },
  }
}

function oneByOne(algorithms: readonly DigestName[]): RunningDigests {
  const digests = algorithms.map(startDigest)
  return {
    update: (piece) => {
      for (const digest of digests) digest.update(piece)
    },
    digest: () => digests.map((digest) => digest.digest()),
  }
}
