/** What the thread that computes digests runs: an entry point of its own, `dist/digest-worker.js`. */
import { parentPort } from 'node:worker_threads'
import { startDigest, type RunningDigest } from '../../checksum/checksums.ts'
import type { DigestReply, DigestRequest } from './messages.ts'

const bodies = new Map<number, readonly RunningDigest[]>()
const reply = (message: DigestReply) => parentPort?.postMessage(message)

parentPort?.on('message', (request: DigestRequest) => {
  const { id } = request
  switch (request.kind) {
    case 'start':
      bodies.set(id, request.algorithms.map(startDigest))
      break
    case 'block':
      for (const digest of bodies.get(id) ?? []) digest.update(request.block)
      reply({ id, kind: 'taken' })
      break
    case 'end':
      reply({ id, kind: 'digests', digests: (bodies.get(id) ?? []).map((digest) => digest.digest()) })
      bodies.delete(id)
      break
    case 'abandon':
      bodies.delete(id)
  }
})
