/** What the thread that computes digests runs: an entry point of its own, `dist/digest-worker.js`. */
import { parentPort } from 'node:worker_threads'
import { startDigest, type RunningDigest } from '../../checksum/checksums.ts'
import type { DigestReply, DigestRequest } from './messages.ts'

const bodies = new Map<number, { readonly digests: readonly RunningDigest[]; readonly ring: SharedArrayBuffer }>()
const reply = (message: DigestReply) => parentPort?.postMessage(message)

parentPort?.on('message', (request: DigestRequest) => {
  const { id } = request
  switch (request.kind) {
    case 'start':
      bodies.set(id, { digests: request.algorithms.map(startDigest), ring: request.ring })
      break
    case 'block':
      takeBlock(id, request)
      reply({ id, kind: 'taken' })
      break
    case 'end':
      reply({ id, kind: 'digests', digests: (bodies.get(id)?.digests ?? []).map((digest) => digest.digest()) })
      bodies.delete(id)
      break
    case 'abandon':
      bodies.delete(id)
  }
})

function takeBlock(id: number, { offset, sizeBytes }: { readonly offset: number; readonly sizeBytes: number }): void {
  const body = bodies.get(id)
  if (!body) return
  const block = new Uint8Array(body.ring, offset, sizeBytes)
  for (const digest of body.digests) digest.update(block)
}
