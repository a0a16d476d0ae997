/** What a worker thread runs: an entry point of its own, `dist/lane-worker.cjs`. */
import { parentPort, workerData } from 'node:worker_threads'
import { isDeployError } from '@fairlead/core'
import { laneHandlers, lanePreparations, type LaneKind } from './handlers.ts'
import type { LaneFailure, LaneHandler, LaneReply, LaneRequest, SentError } from './lane.ts'

const stop = new Int32Array(workerData as SharedArrayBuffer)
const reply = (message: LaneReply) => parentPort?.postMessage(message)

/** The same functions for each job: V8 compiles again what calls one that was made anew. */
const context = {
  post: (message: unknown) => reply({ type: 'message', message }),
  stopped: () => Atomics.load(stop, 0) !== 0,
}

parentPort?.on('message', (request: LaneRequest) => void (request.type === 'run' ? answer(request) : prepare(request)))

/** What goes wrong here goes wrong in the job too, which tells it. */
async function prepare({ kind }: LaneRequest): Promise<void> {
  await lanePreparations[kind as LaneKind]?.().catch(() => undefined)
}

async function answer({ kind, job }: LaneRequest & { readonly type: 'run' }): Promise<void> {
  try {
    const load = (laneHandlers as Record<string, () => Promise<LaneHandler<unknown, unknown, unknown>>>)[kind]
    if (load === undefined) throw new Error(`no lane does ${kind}`)
    const handler = await load()
    const steps = handler(job, context)
    let step = steps.next()
    while (!step.done) step = steps.next()
    reply({ type: 'answer', answer: step.value })
  } catch (error) {
    reply({ type: 'failure', failure: failureOf(error) })
  }
}

function failureOf(error: unknown): LaneFailure {
  if (!isDeployError(error)) return { error: sent(error) }
  const { code, context, cause } = error
  return { code, context, cause: cause === undefined ? undefined : sent(cause) }
}

function sent(error: unknown): SentError {
  const { code, syscall } = error as NodeJS.ErrnoException
  return { error, facts: { code, syscall } }
}
