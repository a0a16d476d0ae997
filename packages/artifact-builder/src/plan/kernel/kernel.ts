import { createHash } from 'node:crypto'
import { kernelCode } from './kernel-code.ts'

/** The types of Node know the standard's types, and not what makes one of them. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** What kernel/index.ts exports. */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly sourceAddress: { readonly value: number }
  readonly sourceSize: { readonly value: number }
  readonly targetAddress: { readonly value: number }
  readonly triplePlacesAddress: { readonly value: number }
  readonly passageAddress: { readonly value: number }
  readonly passageSize: { readonly value: number }
  readonly deflate: (dictionaryBytes: number, bytes: number, isLast: number, tries: number) => number
  readonly inflatesTo: (deflatedBytes: number, bytes: number) => number
  readonly nextWindow: (from: number, last: number) => number
}

/** The loops over every byte of a tree: compression, its proof, and the search for secrets. One in each thread. */
export interface Kernel {
  /** Where content is put that is to be compressed: 32 KiB of what stands before it in its file, and 4 MiB. */
  readonly source: Buffer
  /**
   * Compresses `bytes` of {@link source} behind `dictionaryBytes` to which they may refer, and answers raw deflate
   * (RFC 1951), until the next call. The same bytes on every machine and in every version of Node.
   */
  readonly deflate: (content: DeflatedContent) => Buffer
  /**
   * Whether raw deflate is that of the first `bytes` of {@link source}. Also `false` where it is of a kind that
   * {@link deflate} never writes: with a code of fewer symbols than its lengths have room for.
   */
  readonly inflatesTo: (deflated: Uint8Array, bytes: number) => boolean
  /** The bytes for each triple, see {@link literalSearch}; empty at first. */
  readonly triplePlaces: Buffer
  /** Calls `onWindow` for each window that begins at `from` up to and with `last`, of whose triples the table says so. */
  readonly findWindows: (bytes: Uint8Array, from: number, last: number, onWindow: (start: number) => void) => void
}

export interface DeflatedContent {
  readonly dictionaryBytes: number
  readonly bytes: number
  /** Whether the stream ends with it; if not, it ends at a whole byte. */
  readonly isLast: boolean
  /** How many earlier places are tried for a match. */
  readonly tries: number
}

/** Names the compressor: what another one has made may be other bytes. */
export const kernelVersion = createHash('sha256').update(kernelCode).digest('hex').slice(0, 16)

const triplePlacesBytes = 0x10000
const windowBytes = 4

let opened: Kernel | undefined

/** The kernel of this thread. */
export function openKernel(): Kernel {
  return (opened ??= startKernel())
}

function startKernel(): Kernel {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(kernelCode, 'base64')))
  const { memory, deflate, inflatesTo, nextWindow, ...addresses } = instance.exports as KernelExports
  const { sourceAddress, sourceSize, targetAddress, triplePlacesAddress, passageAddress, passageSize } = addresses
  const target = Buffer.from(memory.buffer, targetAddress.value, sourceSize.value)
  const passage = Buffer.from(memory.buffer, passageAddress.value, passageSize.value)

  const findAt = (address: number, from: number, last: number, onWindow: (start: number) => void) => {
    let at = nextWindow(address + from, address + last)
    for (; at !== 0; at = nextWindow(at + 1, address + last)) onWindow(at - address)
  }
  const findElsewhere = (bytes: Uint8Array, from: number, last: number, onWindow: (start: number) => void) => {
    const step = passage.length - windowBytes
    for (let at = from; at <= last; at += step) {
      const part = bytes.subarray(at, Math.min(at + passage.length, last + windowBytes))
      passage.set(part)
      findAt(passageAddress.value, 0, Math.min(step - 1, last - at), (start) => onWindow(at + start))
    }
  }
  return {
    source: Buffer.from(memory.buffer, sourceAddress.value, sourceSize.value),
    triplePlaces: Buffer.from(memory.buffer, triplePlacesAddress.value, triplePlacesBytes),
    deflate: ({ dictionaryBytes, bytes, isLast, tries }) => {
      const length = deflate(dictionaryBytes, bytes, isLast ? 1 : 0, tries)
      return Buffer.from(memory.buffer, targetAddress.value, length)
    },
    inflatesTo: (deflated, bytes) => {
      if (deflated.length > target.length) return false
      target.set(deflated)
      return inflatesTo(deflated.length, bytes) !== 0
    },
    findWindows: (bytes, from, last, onWindow) => {
      if (last < from) return
      if (bytes.buffer === memory.buffer) findAt(bytes.byteOffset, from, last, onWindow)
      else findElsewhere(bytes, from, last, onWindow)
    },
  }
}
