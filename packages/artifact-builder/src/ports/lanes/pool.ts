import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { artifactErrors } from '../../errors.ts'
import { laneThreadLimits, maxDefaultWorkers, turnMs } from '../../limits.ts'
import { laneHandlers, type LaneKind } from './handlers.ts'
import type { LaneFailure, LaneHandler, LaneReply, LaneRequest, SentError } from './lane.ts'

type HandlerOf<Kind extends LaneKind> = Awaited<ReturnType<(typeof laneHandlers)[Kind]>>
type JobOf<Kind extends LaneKind> = Parameters<HandlerOf<Kind>>[0]
type MessageOf<Kind extends LaneKind> = Parameters<Parameters<HandlerOf<Kind>>[1]['post']>[0]
type AnswerOf<Kind extends LaneKind> = ReturnType<HandlerOf<Kind>> extends Generator<void, infer A> ? A : never

/** One thread that does a job at a time. */
export interface Lane {
  /** Lets the thread start, and do what comes before its first job of a kind, when it has no job. */
  readonly prepare: (kind: LaneKind) => void
  /** Lets the thread end, which takes it a while: no job follows. */
  readonly end: () => void
  /** @throws what the job throws; `signal.reason` when cancelled */
  readonly run: <Kind extends LaneKind>(
    kind: Kind,
    job: JobOf<Kind>,
    onMessage?: (message: MessageOf<Kind>) => void,
  ) => Promise<AnswerOf<Kind>>
}

interface OpenLane extends Lane {
  readonly close: () => Promise<unknown>
}

/** A thread for each core, up to a bound. */
export function defaultWorkers(): number {
  return Math.min(availableParallelism(), maxDefaultWorkers)
}

/**
 * Opens lanes for the time of a call: worker threads, or one lane in the caller's own thread for `threads: 0` and where
 * a bundler has left the file of the threads behind. When it returns, whichever way, no thread is left.
 *
 * `use` also gets as many lanes for short jobs: the caller's own thread, which need not start first, is the last of them.
 */
export async function withLanes<T>(
  options: { readonly threads: number; readonly signal: AbortSignal | undefined },
  use: (lanes: readonly Lane[], lanesForShortJobs: readonly Lane[]) => Promise<T>,
): Promise<T> {
  const { threads, signal } = options
  signal?.throwIfAborted()
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const file = workerFile()
  const isThreaded = threads > 0 && existsSync(file)
  const lanes = isThreaded
    ? Array.from({ length: threads }, () => openThread(file, stop, signal))
    : [openHere(stop, signal)]
  const cancel = () => Atomics.store(stop, 0, 1)
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    return await use(lanes, isThreaded ? [...lanes.slice(1), openHere(stop, signal)] : lanes)
  } finally {
    cancel()
    signal?.removeEventListener('abort', cancel)
    await Promise.all(lanes.map((lane) => lane.close()))
  }
}

/** The built file, from the built library and from its source alike. */
function workerFile(): URL {
  const isSource = import.meta.url.endsWith('.ts')
  return new URL(isSource ? '../../../dist/lane-worker.cjs' : './lane-worker.cjs', import.meta.url)
}

/** The thread starts with its first job: to start one takes as long as to list five thousand files. */
function openThread(file: URL, stop: Int32Array, signal: AbortSignal | undefined): OpenLane {
  let worker: Worker | undefined
  let pending: { readonly onReply: (reply: LaneReply) => void; readonly reject: (reason: unknown) => void } | undefined
  let broken: unknown
  const fail = (reason: unknown) => {
    broken ??= reason
    if (pending === undefined) return
    // The others would wait for what this one had taken.
    Atomics.store(stop, 0, 1)
    pending.reject(reason)
  }
  const start = (): Worker => {
    const started = new Worker(file, { workerData: stop.buffer, resourceLimits: laneThreadLimits, execArgv: [] })
    started.on('message', (reply: LaneReply) => pending?.onReply(reply))
    started.on('error', fail)
    started.on('exit', () => fail(new Error('a worker thread of the artifact builder ended early')))
    return started
  }
  const prepared = new Set<LaneKind>()
  const ask = (request: LaneRequest) => {
    worker ??= start()
    worker.postMessage(request)
  }
  return {
    prepare: (kind) => {
      if (!prepared.has(kind)) ask({ type: 'prepare', kind })
      prepared.add(kind)
    },
    run: async (kind, job, onMessage) => {
      signal?.throwIfAborted()
      if (broken !== undefined) throw broken
      let thrown: { readonly error: unknown } | undefined
      try {
        return await new Promise((resolve, reject) => {
          const onReply = (reply: LaneReply) => {
            if (reply.type !== 'message') {
              if (thrown) return reject(thrown.error as Error)
              return reply.type === 'answer' ? resolve(reply.answer as never) : reject(errorOf(reply.failure) as Error)
            }
            if (thrown) return
            try {
              onMessage?.(reply.message as never)
            } catch (error) {
              // The caller's own exception: the lanes stop, and it reaches the caller when this one has.
              Atomics.store(stop, 0, 1)
              thrown = { error }
            }
          }
          pending = { onReply, reject }
          ask({ type: 'run', kind, job })
        })
      } finally {
        pending = undefined
        signal?.throwIfAborted()
      }
    },
    end: () => void worker?.terminate(),
    close: async () => worker?.terminate(),
  }
}

/**
 * Runs a job in all lanes, and is done when each of them is: one that went on would still write to a file that its caller
 * has closed, whose number may be that of another one by then. The answers are
 * in no order; of several failures, the one that came first is thrown.
 */
export async function runInAll<Kind extends LaneKind>(
  lanes: readonly Lane[],
  kind: Kind,
  job: JobOf<Kind>,
  onMessage?: (message: MessageOf<Kind>) => void,
): Promise<readonly AnswerOf<Kind>[]> {
  let failure: { readonly reason: unknown } | undefined
  const answers: AnswerOf<Kind>[] = []
  const run = async (lane: Lane) => {
    try {
      answers.push(await lane.run(kind, job, onMessage))
    } catch (reason) {
      failure ??= { reason }
    }
  }
  await Promise.all(lanes.map(run))
  if (failure) throw failure.reason
  return answers
}

function openHere(stop: Int32Array, signal: AbortSignal | undefined): OpenLane {
  const stopped = () => Atomics.load(stop, 0) !== 0
  return {
    // Here it would not be done meanwhile.
    prepare: () => undefined,
    end: () => undefined,
    run: async (kind, job, onMessage) => {
      const handler = (await laneHandlers[kind]()) as LaneHandler<unknown, unknown, unknown>
      const steps = handler(job, {
        post: (message) => onMessage?.(message as never),
        stopped,
      })
      let turnEndsMs = performance.now() + turnMs
      let step = steps.next()
      while (!step.done) {
        if (performance.now() > turnEndsMs) {
          await setImmediate()
          turnEndsMs = performance.now() + turnMs
        }
        signal?.throwIfAborted()
        step = steps.next()
      }
      signal?.throwIfAborted()
      return step.value as never
    },
    close: () => Promise.resolve(),
  }
}

function errorOf(failure: LaneFailure): unknown {
  if ('error' in failure) return received(failure.error)
  const entry = artifactErrors[failure.code as keyof typeof artifactErrors]
  return entry(failure.context as never, { cause: failure.cause && received(failure.cause) })
}

/** Facts that an error had not are left out: that there is a system call tells one of the system from others. */
function received({ error, facts }: SentError): unknown {
  if (!(error instanceof Error)) return error
  return Object.assign(error, facts.syscall === undefined ? {} : facts)
}
