import { rm } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { DigestName } from '../../checksum/checksums.ts'
import type { BodyWriter } from './body-writer.ts'
import type { WriterReply, WriterRequest } from './messages.ts'

/** A thread that writes bodies to files, and computes their digests on the way. */
export interface BodyThread {
  readonly start: (path: string, algorithms: readonly DigestName[]) => BodyWriter
  /** Whether it ended, of itself or by `close`: every body that it had is an error, and so is a new one. */
  readonly hasEnded: () => boolean
  readonly close: () => Promise<void>
}

/**
 * Pieces are gathered into blocks: to wake a thread for each of them would cost as much as its digest. A put of 256 MiB
 * takes 690 ms with blocks of 512 KiB, 640 with 1 MiB, and 1,170 with 2 MiB.
 */
const blockBytes = 1024 * 1024
/** How many blocks of a body are on their way at most: two threads that share a processor take turns of milliseconds. */
const blocksOfBody = 4
/** A body that had to wait goes on when so many are left: each wait costs as much as some pieces. */
const blocksToGoOn = 2
/** Blocks are used again: the first touch of fresh memory costs as much as the digest of what is put there. */
const blocksKept = 8

/** How the thread is reached. */
interface Link {
  readonly add: (listener: BodyListener) => number
  readonly remove: (id: number) => void
  readonly send: (request: WriterRequest, moved?: readonly ArrayBuffer[]) => void
  readonly takeBlock: () => ArrayBuffer
}

/** What a body hears of the thread. */
interface BodyListener {
  readonly taken: () => void
  /** The digests, or why there are none; after it comes nothing that counts. */
  readonly settled: (outcome: readonly Uint8Array[] | Error) => void
}

export function startBodyThread(): BodyThread {
  const worker = new Worker(workerFile(), { execArgv: [] })
  worker.unref()
  const listeners = new Map<number, BodyListener>()
  const blocks: ArrayBuffer[] = []
  let failure: Error | undefined
  let lastId = 0
  const fail = (error: Error) => {
    failure ??= error
    for (const body of listeners.values()) body.settled(failure)
  }
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('the thread that writes bodies ended')))
  worker.on('message', (reply: WriterReply) => {
    const body = listeners.get(reply.id)
    switch (reply.kind) {
      case 'taken':
        if (blocks.length < blocksKept) blocks.push(reply.block)
        return body?.taken()
      case 'ended':
        return body?.settled(reply.digests)
      case 'gone':
        return body?.settled(new Error(reply.reason))
    }
  })
  const link: Link = {
    add: (listener) => {
      // The thread keeps the process alive as long as somebody waits for it, and no longer.
      worker.ref()
      listeners.set(++lastId, listener)
      if (failure) listener.settled(failure)
      return lastId
    },
    remove: (id) => {
      listeners.delete(id)
      if (listeners.size === 0) worker.unref()
    },
    send: (request, moved = []) => worker.postMessage(request, moved),
    takeBlock: () => blocks.pop() ?? new ArrayBuffer(blockBytes),
  }
  return {
    start: (path, algorithms) => startBody(link, path, algorithms),
    hasEnded: () => failure !== undefined,
    close: async () => {
      await worker.terminate()
    },
  }
}

function startBody(link: Link, path: string, algorithms: readonly DigestName[]): BodyWriter {
  let lost: Error | undefined
  let settle: BodyListener['settled'] = () => {}
  const settled = new Promise<readonly Uint8Array[] | Error>((resolve) => (settle = resolve))
  let blocksOnTheirWay = 0
  let pause: { readonly over: Promise<void>; readonly end: () => void } | undefined
  const endPause = () => {
    pause?.end()
    pause = undefined
  }
  const id = link.add({
    taken: () => {
      blocksOnTheirWay--
      if (blocksOnTheirWay <= blocksToGoOn) endPause()
    },
    settled: (outcome) => {
      if (outcome instanceof Error) lost = outcome
      settle(outcome)
      endPause()
    },
  })
  link.send({ id, kind: 'start', path, algorithms })

  let block: Uint8Array | undefined
  let filledBytes = 0
  const handOver = () => {
    if (!block) return
    const bytes = block.buffer as ArrayBuffer
    link.send({ id, kind: 'block', block: bytes, sizeBytes: filledBytes }, [bytes])
    blocksOnTheirWay++
    block = undefined
    filledBytes = 0
  }
  /** Copies what fits into the block that is being filled; answers how much that was. */
  const fill = (piece: Buffer, from: number): number => {
    block ??= new Uint8Array(link.takeBlock())
    const fits = Math.min(piece.length - from, blockBytes - filledBytes)
    block.set(fits === piece.length ? piece : piece.subarray(from, from + fits), filledBytes)
    filledBytes += fits
    if (filledBytes === blockBytes) handOver()
    return fits
  }
  return {
    take: (piece) => {
      if (lost) throw lost
      for (let at = 0; at < piece.length;) at += fill(piece, at)
      if (blocksOnTheirWay < blocksOfBody) return undefined
      pause ??= newPause()
      return pause.over
    },
    end: async () => {
      handOver()
      link.send({ id, kind: 'end' })
      const outcome = await settled
      if (outcome instanceof Error) throw outcome
      link.remove(id)
      return outcome.map((digest) => Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength))
    },
    abandon: async () => {
      link.send({ id, kind: 'abandon' })
      // Not before the thread has closed the file, or it would go on writing.
      await settled
      link.remove(id)
      await rm(path, { force: true })
    },
  }
}

function newPause() {
  let end = () => {}
  const over = new Promise<void>((resolve) => (end = resolve))
  return { over, end }
}

/** Beside the built package, or in `dist` where the sources run as they are: Node 20 reads no TypeScript. */
function workerFile(): URL {
  const isSource = import.meta.url.endsWith('.ts')
  return new URL(isSource ? '../../../dist/body-worker.js' : './body-worker.js', import.meta.url)
}
