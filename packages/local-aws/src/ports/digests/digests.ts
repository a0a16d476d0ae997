import { Worker } from 'node:worker_threads'
import { startDigest } from '../../checksum/checksums.ts'
import type { DigestName, DigestReply, DigestRequest } from './messages.ts'

/** The digests of one body. */
export interface BodyDigests {
  /** Takes a piece; a promise means that the next one has to wait. */
  readonly update: (piece: Uint8Array) => void | Promise<void>
  /** The digests in the order of their names; call it once, after the last piece. */
  readonly end: () => Promise<readonly Buffer[]>
  /** Forgets a body that did not come to its end. */
  readonly abandon: () => void
}

export interface Digests {
  /** Begins the digests of a body of about so many bytes. */
  readonly start: (algorithms: readonly DigestName[], sizeBytes: number) => BodyDigests
  readonly close: () => Promise<void>
}

/** Below it, handing a body to another thread costs more than its digests. */
const threadFloorBytes = 1024 ** 2
/** Pieces are gathered into blocks: to wake a thread for each of them would cost as much as its digest. */
const blockLimitBytes = 2 * 1024 ** 2
/** The blocks of a body that are being filled, wait, or are being taken. */
const blocksInRing = 4
/** Rings are used again: the first touch of fresh memory costs as much as the digest of what is put there. */
const ringsKept = 4

/**
 * Digests of bodies: of small ones at once, of large ones in a thread, which is started for the first of them. MD5 alone
 * takes a third of the time of a put, and the thread that answers requests has other things to do.
 */
export function openDigests(): Digests {
  let thread: DigestThread | undefined
  return {
    start: (algorithms, sizeBytes) => {
      if (sizeBytes < threadFloorBytes) return inline(algorithms)
      // CRC-32 is an instruction of the processor here: handing the bytes over would take longer.
      const own = algorithms.filter((algorithm) => algorithm === 'CRC32')
      const others = algorithms.filter((algorithm) => algorithm !== 'CRC32')
      thread ??= startThread()
      return together(algorithms, [
        [own, inline(own)],
        [others, thread.start(others, sizeBytes)],
      ])
    },
    close: async () => {
      await thread?.close()
    },
  }
}

function inline(algorithms: readonly DigestName[]): BodyDigests {
  const digests = algorithms.map(startDigest)
  return {
    update: (piece) => {
      for (const digest of digests) digest.update(piece)
    },
    end: async () => digests.map((digest) => digest.digest()),
    abandon: () => {},
  }
}

function together(
  algorithms: readonly DigestName[],
  groups: readonly (readonly [readonly DigestName[], BodyDigests])[],
): BodyDigests {
  return {
    update: (piece) => {
      const waits = groups.map(([, digests]) => digests.update(piece)).filter((wait) => wait !== undefined)
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => {})
    },
    end: async () => {
      const found = new Map<DigestName, Buffer>()
      for (const [names, digests] of groups) {
        for (const [index, digest] of (await digests.end()).entries()) found.set(names[index] as DigestName, digest)
      }
      return algorithms.map((algorithm) => found.get(algorithm) as Buffer)
    },
    abandon: () => groups.forEach(([, digests]) => digests.abandon()),
  }
}

interface DigestThread {
  readonly start: (algorithms: readonly DigestName[], sizeBytes: number) => BodyDigests
  readonly close: () => Promise<void>
}

/** A body whose digests the thread computes. */
interface Waiting {
  taken: () => void
  digests: (digests: readonly Uint8Array[]) => void
  failed: (error: Error) => void
}

function startThread(): DigestThread {
  const worker = new Worker(workerFile(), { execArgv: [] })
  // Whoever waits for a digest holds an open connection; the thread itself keeps no process alive.
  worker.unref()
  const bodies = new Map<number, Waiting>()
  let failure: Error | undefined
  let lastId = 0
  const fail = (error: Error) => {
    failure ??= error
    for (const body of bodies.values()) body.failed(failure)
  }
  worker.on('message', (reply: DigestReply) => {
    const body = bodies.get(reply.id)
    if (reply.kind === 'taken') body?.taken()
    else body?.digests(reply.digests)
  })
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('the thread that computes digests ended')))
  const send = (request: DigestRequest) => worker.postMessage(request)
  const idleRings: SharedArrayBuffer[] = []
  return {
    start: (algorithms, bodyBytes) => {
      const id = ++lastId
      // A body of a few megabytes needs no ring of many; rings of the largest size alone are worth keeping.
      const blockBytes = bodyBytes >= 16 * blockLimitBytes ? blockLimitBytes : blockLimitBytes / 8
      const isLarge = blockBytes === blockLimitBytes
      const ring = (isLarge ? idleRings.pop() : undefined) ?? new SharedArrayBuffer(blockBytes * blocksInRing)
      const bytes = new Uint8Array(ring)
      let block = 0
      let filledBytes = 0
      let waitingBlocks = 0
      let wake = () => {}
      let done: (outcome: readonly Uint8Array[] | Error) => void = () => {}
      bodies.set(id, {
        taken: () => {
          waitingBlocks--
          wake()
        },
        digests: (digests) => done(digests),
        failed: (error) => {
          wake()
          done(error)
        },
      })
      send({ id, kind: 'start', algorithms, ring })
      const handOver = () => {
        if (filledBytes === 0) return
        send({ id, kind: 'block', offset: block * blockBytes, sizeBytes: filledBytes })
        waitingBlocks++
        block = (block + 1) % blocksInRing
        filledBytes = 0
      }
      /** Copies into the block that is being filled; answers how much of the piece there was room for. */
      const fill = (piece: Uint8Array): number => {
        const fits = Math.min(piece.length, blockBytes - filledBytes)
        bytes.set(piece.subarray(0, fits), block * blockBytes + filledBytes)
        filledBytes += fits
        if (filledBytes === blockBytes) handOver()
        return fits
      }
      const roomForOne = async () => {
        while (waitingBlocks === blocksInRing && !failure) {
          await new Promise<void>((resolve) => (wake = resolve))
        }
      }
      const fillAll = async (piece: Uint8Array, from: number): Promise<void> => {
        for (let at = from; at < piece.length;) {
          await roomForOne()
          if (failure) throw failure
          at += fill(piece.subarray(at))
        }
      }
      return {
        update: (piece) => {
          if (failure) throw failure
          let at = 0
          while (at < piece.length && waitingBlocks < blocksInRing) at += fill(piece.subarray(at))
          return at < piece.length ? fillAll(piece, at) : undefined
        },
        end: async () => {
          if (failure) throw failure
          handOver()
          const outcome = await new Promise<readonly Uint8Array[] | Error>((resolve) => {
            done = resolve
            send({ id, kind: 'end' })
          })
          bodies.delete(id)
          if (outcome instanceof Error) throw outcome
          if (isLarge && idleRings.length < ringsKept) idleRings.push(ring)
          return outcome.map((digest) => Buffer.from(digest))
        },
        // The thread may still read this ring: it is not used again.
        abandon: () => {
          bodies.delete(id)
          send({ id, kind: 'abandon' })
        },
      }
    },
    close: async () => {
      await worker.terminate()
    },
  }
}

/** Beside the built package, or in `dist` where the sources run as they are: Node 20 reads no TypeScript. */
function workerFile(): URL {
  const isSource = import.meta.url.endsWith('.ts')
  return new URL(isSource ? '../../../dist/digest-worker.js' : './digest-worker.js', import.meta.url)
}
