import { writeSync } from 'node:fs'
import { sharedArray } from './shared-entries.ts'

/** How threads tell each other where their batches lie in the output. */
export interface SharedOrder {
  /** {@link placed}: how many batches have their place. {@link failed}: 1 when a thread has given up. */
  readonly state: Int32Array
  /** Where each batch ends in the output, as far as {@link placed} says. */
  readonly ends: Float64Array
  /** 1 for each batch that is in the output. */
  readonly written: Int32Array
}

const placed = 0
const failed = 1

/** How long a thread sleeps before it looks whether the caller still wants an answer. */
const waitMs = 50

export function shareOrder(batches: number): SharedOrder {
  return {
    state: sharedArray(Int32Array, 2),
    ends: sharedArray(Float64Array, batches),
    written: sharedArray(Int32Array, batches),
  }
}

/** Whether a thread has given up. */
export function isGivenUp({ state }: SharedOrder): boolean {
  return Atomics.load(state, failed) !== 0
}

/** Lets the other threads end too, those that wait for the batch of this one among them. */
export function giveUp({ state }: SharedOrder): void {
  Atomics.store(state, failed, 1)
  Atomics.notify(state, placed)
}

/** A thread's finished batches that wait for their place. */
export interface WriteQueue {
  /** Takes a batch, and writes what has its place; waits while too much has none. */
  readonly add: (batch: number, bytes: Uint8Array) => void
  /** Waits for the places of all, and writes them. */
  readonly finish: () => void
}

/**
 * Writes batches in the order of their numbers, whichever thread made them: a batch has its place as soon as the one
 * before it has, and is written by its own thread, at that place. A thread that is ahead holds a bounded number of bytes.
 *
 * @throws what the system says of a write; nothing where another thread has given up
 */
export function openWriteQueue(options: {
  readonly fd: number
  readonly order: SharedOrder
  readonly heldBytes: number
  readonly stopped: () => boolean
  /** Gets the memory of the oldest batch back, which is written. */
  readonly release: () => void
}): WriteQueue {
  const { fd, order, heldBytes, stopped, release } = options
  const { state, ends, written } = order
  const held: { readonly batch: number; readonly bytes: Uint8Array }[] = []
  let heldNow = 0

  const writePlaced = () => {
    for (let next = held[0]; next !== undefined && Atomics.load(state, placed) === next.batch; next = held[0]) {
      const { batch, bytes } = next
      const start = batch === 0 ? 0 : (ends[batch - 1] as number)
      ends[batch] = start + bytes.length
      Atomics.store(state, placed, batch + 1)
      Atomics.notify(state, placed)
      writeWhole(fd, bytes, start)
      Atomics.store(written, batch, 1)
      held.shift()
      heldNow -= bytes.length
      release()
    }
  }
  const waitUntil = (isEnough: () => boolean) => {
    writePlaced()
    while (!isEnough() && !stopped() && !isGivenUp(order)) {
      Atomics.wait(state, placed, Atomics.load(state, placed), waitMs)
      writePlaced()
    }
  }
  return {
    add: (batch, bytes) => {
      held.push({ batch, bytes })
      heldNow += bytes.length
      waitUntil(() => heldNow <= heldBytes)
    },
    finish: () => waitUntil(() => held.length === 0),
  }
}

/** A write may take less than it was given. */
export function writeWhole(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done)
  }
}
