/** What the thread that writes large bodies runs: an entry point of its own, `dist/body-worker.js`. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { startDigests, type RunningDigests } from '../../checksum/digests.ts'
import type { WriterReply, WriterRequest } from './messages.ts'

interface OpenBody {
  /** A file descriptor. */
  readonly file: number
  readonly digests: RunningDigests
}

const bodies = new Map<number, OpenBody>()
const reply = (message: WriterReply, moved: readonly ArrayBuffer[] = []) => parentPort?.postMessage(message, moved)

parentPort?.on('message', (request: WriterRequest) => {
  const { id } = request
  try {
    obey(request)
  } catch (error) {
    discard(id)
    reply({ id, kind: 'gone', reason: error instanceof Error ? error.message : String(error) })
  }
  // Back in any case: whoever fills the blocks waits for them.
  if (request.kind === 'block') reply({ id, kind: 'taken', block: request.block }, [request.block])
})

function obey(request: WriterRequest): void {
  const { id } = request
  switch (request.kind) {
    case 'start': {
      const { path, algorithms } = request
      bodies.set(id, { file: openSync(path, 'wx', 0o600), digests: startDigests(algorithms) })
      return
    }
    case 'block': {
      const body = bodies.get(id)
      if (body) append(body, new Uint8Array(request.block, 0, request.sizeBytes))
      return
    }
    case 'end': {
      const body = bodies.get(id)
      if (!body) return
      bodies.delete(id)
      closeSync(body.file)
      reply({ id, kind: 'ended', digests: body.digests.digest() })
      return
    }
    case 'abandon':
      discard(id)
      reply({ id, kind: 'gone', reason: 'the body was abandoned' })
  }
}

function append({ file, digests }: OpenBody, bytes: Uint8Array): void {
  digests.update(bytes)
  // A disk that is almost full writes less than it was given, and says so at the next attempt.
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
}

/** Whoever began the body removes its file. */
function discard(id: number): void {
  const body = bodies.get(id)
  if (!body) return
  bodies.delete(id)
  closeSync(body.file)
}
