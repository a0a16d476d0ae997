import type * as Crypto from 'node:crypto'
import type * as FileSystem from 'node:fs'
import { availableParallelism } from 'node:os'
import type * as Threads from 'node:worker_threads'
import { SHARE_ENV, Worker } from 'node:worker_threads'
import type { Answer } from '../answer.ts'
import { copyChunkBytes, examinedAtOnce, threadForFiles } from '../limits.ts'
import type { FileFacts } from './disk.ts'

/** Files whose contents are read while the caller goes on. */
export interface Examination {
  /** Takes on a file that stands at its place. */
  readonly add: (path: string, sizeBytes?: number) => void
  /** What the files are that were taken on, in that order, as `examineFile` answers it. Asked for once. */
  readonly facts: (signal?: AbortSignal) => Promise<readonly (FileFacts | undefined)[]>
  /** When it resolves, nothing goes on behind the caller's back. */
  readonly close: () => Promise<void>
}

type ExamineFile = (path: string, sizeBytes?: number) => Answer<FileFacts | undefined>

/** Whether half of reading so many files takes longer than the start of a second thread. */
export function isWorthAThread(files: number): boolean {
  return files >= threadForFiles && availableParallelism() > 1
}

/**
 * Examines files on two threads: a second one begins while the caller still brings files, and the caller's own takes its
 * part from the other end when there is nothing else to do. The second one answers for what is ordinary alone: whatever
 * else it meets, a failure, no file, a file that does not fit into one read, is examined again by `examineFile`, which has
 * the words for it. Where it cannot start, or ends, the caller's does all.
 */
export function startExamination(examineFile: ExamineFile, expectedFiles: number): Examination {
  const files: ExaminedFile[] = []
  const thread = startThread(Math.ceil(expectedFiles / examinedAtOnce))
  return {
    add: (path, sizeBytes) => {
      files.push({ path, sizeBytes })
      if (files.length % examinedAtOnce === 0) thread.offer(files.slice(-examinedAtOnce))
    },
    facts: async (signal) => {
      const facts: (FileFacts | undefined)[] = []
      const examine = async (first: number) => {
        signal?.throwIfAborted()
        for (const [index, { path, sizeBytes }] of files.slice(first, first + examinedAtOnce).entries()) {
          const answer = facts[first + index] ?? examineFile(path, sizeBytes)
          facts[first + index] = answer instanceof Promise ? await answer : answer
        }
      }
      const firsts = Array.from({ length: Math.ceil(files.length / examinedAtOnce) }, (_, n) => n * examinedAtOnce)
      const taken: number[] = []
      for (const first of firsts.toReversed()) {
        if (thread.takeBack(first / examinedAtOnce)) await examine(first)
        else taken.push(first)
      }
      for (const first of taken) {
        const answered = (await thread.answer(first / examinedAtOnce)) ?? []
        for (const [index, one] of answered.entries()) facts[first + index] = one
        await examine(first)
      }
      // To end takes a while too.
      void thread.end()
      return facts
    },
    close: () => thread.end(),
  }
}

interface ExaminedFile {
  readonly path: string
  readonly sizeBytes: number | undefined
}

/** What both threads know from the start. */
interface ThreadData {
  /** One for each batch: 1 when one of the threads has taken it. */
  readonly taken: Int32Array
  readonly chunkBytes: number
}

interface ThreadReply {
  readonly batch: number
  readonly facts: readonly (FileFacts | undefined)[]
}

function startThread(batches: number) {
  const data: ThreadData = { taken: new Int32Array(new SharedArrayBuffer(4 * batches)), chunkBytes: copyChunkBytes }
  // Its text, and no file of its own: a hook is bundled to one file (docs/decisions/0005).
  const text = `(${String(examineInThread)})(require, ${String(ordinaryExaminer)})`
  const worker = new Worker(text, { eval: true, workerData: data, env: SHARE_ENV, execArgv: [] })
  const replies = new Map<number, ThreadReply['facts']>()
  let waiting: { readonly batch: number; readonly resolve: () => void } | undefined
  let hasEnded = false
  worker.on('message', ({ batch, facts }: ThreadReply) => {
    replies.set(batch, facts)
    if (waiting?.batch === batch) waiting.resolve()
  })
  const ended = () => {
    hasEnded = true
    waiting?.resolve()
  }
  worker.once('error', ended)
  worker.once('exit', ended)
  let offered = 0
  let end: Promise<number> | undefined
  return {
    /** Gives it the next batch, unless there are more than were expected. */
    offer: (files: readonly ExaminedFile[]) => {
      if (offered === batches) return
      worker.postMessage({ batch: offered, files })
      offered += 1
    },
    /** Whether it has not begun with a batch, and will not. */
    takeBack: (batch: number) => batch >= offered || Atomics.exchange(data.taken, batch, 1) === 0,
    /** What it found; `undefined`: it ended before it had. */
    answer: async (batch: number) => {
      if (!replies.has(batch) && !hasEnded) await new Promise<void>((resolve) => (waiting = { batch, resolve }))
      return replies.get(batch)
    },
    end: async () => void (await (end ??= worker.terminate())),
  }
}

/** What the second thread runs. It is taken there as text: it may use nothing that stands around it. */
function examineInThread(load: NodeJS.Require, examinerOf: typeof ordinaryExaminer): void {
  const { parentPort, workerData } = load('node:worker_threads') as typeof Threads
  const { taken, chunkBytes } = workerData as ThreadData
  const examine = examinerOf(load('node:fs') as typeof FileSystem, load('node:crypto') as typeof Crypto, chunkBytes)
  parentPort?.on('message', ({ batch, files }: { readonly batch: number; readonly files: readonly ExaminedFile[] }) => {
    if (Atomics.exchange(taken, batch, 1) !== 0) return
    parentPort.postMessage({ batch, facts: files.map(examine) } satisfies ThreadReply)
  })
}

/**
 * Examines a file in one go; `undefined`: it is out of the ordinary. Taken to the second thread as text too: it may use
 * nothing that stands around it.
 */
export function ordinaryExaminer(
  {
    closeSync,
    constants,
    fstatSync,
    openSync,
    readSync,
  }: Pick<typeof FileSystem, 'closeSync' | 'constants' | 'fstatSync' | 'openSync' | 'readSync'>,
  { hash }: Pick<typeof Crypto, 'hash'>,
  chunkBytes: number,
): (file: ExaminedFile) => FileFacts | undefined {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOATIME = 0, S_IFMT, S_IFREG } = constants
  let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME

  const open = (path: string): number => {
    try {
      return openSync(path, flags)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
      // Only the owner may leave the time of access alone.
      flags &= ~O_NOATIME
      return openSync(path, flags)
    }
  }
  const read = (file: number, expectedBytes: number | undefined): FileFacts | undefined => {
    const { mode, uid, gid, mtimeMs, nlink, size } = fstatSync(file)
    if ((mode & S_IFMT) !== S_IFREG || size >= chunkBytes) return undefined
    if (expectedBytes !== undefined && size !== expectedBytes) return undefined
    const bytes = buffer.subarray(0, readSync(file, buffer, 0, chunkBytes, null))
    if (bytes.length !== size) return undefined
    const sha256 = hash('sha256', bytes)
    return { type: 'file', mode: mode & 0o7777, uid, gid, changedAtMs: mtimeMs, names: nlink, sizeBytes: size, sha256 }
  }
  return ({ path, sizeBytes }) => {
    try {
      const file = open(path)
      try {
        return read(file, sizeBytes)
      } finally {
        closeSync(file)
      }
    } catch {
      // Who examines it again meets the same, and says what it is.
      return undefined
    }
  }
}
