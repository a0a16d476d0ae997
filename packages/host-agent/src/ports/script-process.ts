import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Clock } from '@fairlead/core'
import { hookPath, killAfterTermMs } from '../limits.ts'

export interface ScriptCommand {
  readonly file: string
  /** What the program is told that it is called. Default: `file`. */
  readonly calledAs?: string | undefined
  readonly args: readonly string[]
  readonly workingDirectory: string
  /** The whole of it. */
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** After a timeout: from SIGTERM to SIGKILL; `undefined` waits. */
  readonly killAfterTermMs: number | undefined
  /** A line with its line end, or the last piece without one. Answers whether more of the stream is wanted. */
  readonly onOutput: (stream: OutputStream, piece: Uint8Array) => boolean
}

export type OutputStream = 'stdout' | 'stderr'

export type ScriptEnd =
  | { readonly kind: 'exited'; readonly exitCode: number | undefined }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'left-open'; readonly stream: OutputStream }
  /** `onOutput` wanted no more of it; the script ran on without a reader. */
  | { readonly kind: 'unread'; readonly stream: OutputStream }
  | { readonly kind: 'not-started'; readonly error: NodeJS.ErrnoException }

/**
 * Runs a script in a process group of its own, without standard input. Cancelled, or when `onOutput` throws, it ends
 * the whole group before it rejects.
 */
export async function runScript(
  command: ScriptCommand,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Promise<ScriptEnd> {
  signal?.throwIfAborted()
  const pipes = await openPipes()
  let interrupt: (reason: unknown) => void = () => {}
  const interrupted = new Promise<never>((_, reject) => (interrupt = reject))
  // It is raced below; a late one must not count as unhandled.
  interrupted.catch(() => {})
  const readers = {
    stdout: readPieces(pipes.stdout.read, (piece) => command.onOutput('stdout', piece), interrupt),
    stderr: readPieces(pipes.stderr.read, (piece) => command.onOutput('stderr', piece), interrupt),
  }
  const onAbort = () => interrupt(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    let child: ChildProcess
    try {
      child = spawn(command.file, command.args, {
        cwd: command.workingDirectory,
        env: command.environment,
        detached: true,
        ...(command.calledAs === undefined ? {} : { argv0: command.calledAs }),
        stdio: ['ignore', pipes.stdout.write, pipes.stderr.write],
      })
    } finally {
      closeSync(pipes.stdout.write)
      closeSync(pipes.stderr.write)
    }
    const deadline = clock.monotonic() + command.timeoutMs
    const ended = endOf(child)
    const { pid } = child
    if (pid === undefined) return await ended
    try {
      const first = await Promise.race([within(ended, command.timeoutMs, clock), interrupted])
      if (first === 'late') {
        // The agent closes its ends at once: what the script prints on its way out goes nowhere.
        const ending = endGroup(pid, ended, command.killAfterTermMs, clock)
        readers.stdout.stop()
        readers.stderr.stop()
        await Promise.race([ending, interrupted])
        return { kind: 'timed-out' }
      }
      for (const stream of ['stdout', 'stderr'] as const) {
        const leftMs = Math.max(0, deadline - clock.monotonic())
        const closed = await Promise.race([within(readers[stream].closed, leftMs, clock), interrupted])
        if (closed === 'late') return { kind: 'left-open', stream }
        if (closed === 'unread') return { kind: 'unread', stream }
      }
      return first
    } catch (error) {
      await endGroup(pid, ended, killAfterTermMs, clock)
      // What the leader left behind in its group goes with it.
      signalGroup(pid, 'SIGKILL')
      throw error
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    readers.stdout.stop()
    readers.stderr.stop()
  }
}

function endOf(child: ChildProcess): Promise<ScriptEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'not-started', error }))
    child.once('exit', (exitCode) => resolve({ kind: 'exited', exitCode: exitCode ?? undefined }))
  })
}

async function endGroup(
  pid: number,
  ended: Promise<unknown>,
  graceMs: number | undefined,
  clock: Clock,
): Promise<void> {
  signalGroup(pid, 'SIGTERM')
  if (graceMs !== undefined && (await within(ended, graceMs, clock)) === 'late') signalGroup(pid, 'SIGKILL')
  await ended
}

function signalGroup(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, name)
  } catch (error) {
    // Nobody of the group is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The value, or `'late'` when it takes longer; no timer stays behind. */
async function within<T>(value: Promise<T>, ms: number, clock: Clock): Promise<T | 'late'> {
  const done = new AbortController()
  const late = clock.sleep(ms, done.signal).then(
    () => 'late' as const,
    () => new Promise<never>(() => {}),
  )
  try {
    return await Promise.race([value, late])
  } finally {
    done.abort()
  }
}

/** Splits what comes at line feeds, in bytes: a script may print anything. */
function readPieces(
  file: number,
  tell: (piece: Uint8Array) => boolean,
  fail: (error: unknown) => void,
): { readonly closed: Promise<'closed' | 'unread'>; readonly stop: () => void } {
  const socket = new Socket({ fd: file, readable: true, writable: false })
  let rest: Buffer = Buffer.alloc(0)
  const attempt = (work: () => void) => {
    try {
      work()
    } catch (error) {
      fail(error)
    }
  }
  const closed = new Promise<'closed' | 'unread'>((resolve) => {
    let isWanted = true
    const pass = (piece: Buffer) => {
      isWanted &&= tell(piece)
      if (isWanted) return
      // The pipe stays open: a script that prints more than it holds waits for a reader.
      socket.pause()
      resolve('unread')
    }
    socket.on('data', (chunk: Buffer) =>
      attempt(() => {
        let start = 0
        for (let end = chunk.indexOf(10); isWanted && end !== -1; end = chunk.indexOf(10, start)) {
          const line = chunk.subarray(start, end + 1)
          pass(rest.length === 0 ? line : Buffer.concat([rest, line]))
          rest = Buffer.alloc(0)
          start = end + 1
        }
        if (start < chunk.length) rest = Buffer.concat([rest, chunk.subarray(start)])
      }),
    )
    socket.on('end', () => {
      if (isWanted && rest.length > 0) attempt(() => pass(rest))
      resolve('closed')
    })
    socket.on('error', fail)
  })
  return { closed, stop: () => socket.destroy() }
}

interface Pipe {
  readonly read: number
  readonly write: number
}

/**
 * Two real pipes. Those that Node makes for a child are sockets, on which `echo … > /dev/stderr` fails, and every
 * second hook script has that.
 */
async function openPipes(): Promise<{ readonly stdout: Pipe; readonly stderr: Pipe }> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-hook-'))
  const opened: number[] = []
  try {
    const names = ['stdout', 'stderr'].map((name) => join(folder, name))
    await promisify(execFile)('mkfifo', ['-m', '600', ...names], { env: { PATH: hookPath } })
    const pipe = (name: string): Pipe => {
      // The reader first and without waiting: a writer can then open without waiting, too.
      const read = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK)
      opened.push(read)
      const write = openSync(name, constants.O_WRONLY)
      opened.push(write)
      return { read, write }
    }
    return { stdout: pipe(names[0] ?? ''), stderr: pipe(names[1] ?? '') }
  } catch (error) {
    for (const file of opened) closeSync(file)
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
