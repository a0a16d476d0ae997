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
/** Pieces are handed over in blocks of at least this size: a message for each would cost as much as its digest. */
const blockBytes = 512 * 1024
/** How many blocks of a body may wait for the thread. */
const blocksAhead = 8

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
        [others, thread.start(others)],
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
  readonly start: (algorithms: readonly DigestName[]) => BodyDigests
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
  const send = (request: DigestRequest, transfer: ArrayBuffer[] = []) => worker.postMessage(request, transfer)
  return {
    start: (algorithms) => {
      const id = ++lastId
      let pieces: Uint8Array[] = []
      let pieceBytes = 0
      let ahead = 0
      let wake = () => {}
      let done: (outcome: readonly Uint8Array[] | Error) => void = () => {}
      bodies.set(id, {
        taken: () => {
          ahead--
          wake()
        },
        digests: (digests) => done(digests),
        failed: (error) => {
          wake()
          done(error)
        },
      })
      send({ id, kind: 'start', algorithms })
      const flush = () => {
        if (pieceBytes === 0) return
        // The pieces themselves are on their way to the disk: the thread gets a copy, which costs little.
        const block = new Uint8Array(pieceBytes)
        let at = 0
        for (const piece of pieces) {
          block.set(piece, at)
          at += piece.length
        }
        pieces = []
        pieceBytes = 0
        ahead++
        send({ id, kind: 'block', block }, [block.buffer])
      }
      const abandon = () => {
        bodies.delete(id)
        send({ id, kind: 'abandon' })
      }
      return {
        update: (piece) => {
          if (failure) throw failure
          pieces.push(piece)
          pieceBytes += piece.length
          if (pieceBytes < blockBytes) return undefined
          flush()
          if (ahead < blocksAhead) return undefined
          return new Promise<void>((resolve) => (wake = resolve))
        },
        end: async () => {
          if (failure) throw failure
          flush()
          const outcome = await new Promise<readonly Uint8Array[] | Error>((resolve) => {
            done = resolve
            send({ id, kind: 'end' })
          })
          bodies.delete(id)
          if (outcome instanceof Error) throw outcome
          return outcome.map((digest) => Buffer.from(digest))
        },
        abandon,
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
