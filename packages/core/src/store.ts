import { createHash } from 'node:crypto'
import type { ObjectLocation } from './records/location.ts'

/** Bytes to put: a factory, because a stream cannot be sent twice and a retry must. */
export interface StoreBody {
  readonly sizeBytes: number
  /** Of the bytes, lowercase hex; the store refuses others. */
  readonly sha256: string
  /** Opens the bytes anew. */
  readonly open: () => AsyncIterable<Uint8Array>
}

/** An object as a store knows it. */
export interface StoredObject {
  readonly key: string
  readonly sizeBytes: number
  /** Where the store knows it. */
  readonly sha256?: string
  readonly location: ObjectLocation
}

/** A small text that is replaced by compare-and-swap. */
export interface StoreHead {
  readonly value: string
  /** Opaque; another after each swap. */
  readonly revision: string
}

export interface StoreCallOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * The port for bytes and records: S3, a folder, or what a team puts behind it (a Nexus raw repository, say).
 * Keys are relative, `/` between their parts. Every method rejects when the store cannot be asked: nothing is caught to mean "no".
 */
export interface ArtifactStore {
  /** Where it is, for messages: `s3://bucket/prefix` or `file:///path`. */
  readonly url: string
  /**
   * Writes an object that does not exist yet, whole or not at all. Where the key exists, nothing is written and
   * `created` is false; `object` is the existing one.
   */
  readonly put: (
    key: string,
    body: StoreBody,
    options?: StoreCallOptions,
  ) => Promise<{ readonly created: boolean; readonly object: StoredObject }>
  /** Looks at the object: the version that `location` pins where that is given, else the newest. */
  readonly find: (
    key: string,
    options?: StoreCallOptions & { readonly location?: ObjectLocation | undefined },
  ) => Promise<StoredObject | undefined>
  /** Reads the object, pinned to `location` where that is given. Rejects with OBJECT_NOT_FOUND where there is none. */
  readonly open: (
    key: string,
    options?: StoreCallOptions & { readonly location?: ObjectLocation | undefined },
  ) => Promise<AsyncIterable<Uint8Array>>
  /** The objects whose key begins with `prefix`, in the order of their keys. */
  readonly list: (prefix: string, options?: StoreCallOptions) => AsyncIterable<StoredObject>
  /** Deletes an object; one that does not exist is no error. */
  readonly delete: (key: string, options?: StoreCallOptions) => Promise<void>
  readonly readHead: (key: string, options?: StoreCallOptions) => Promise<StoreHead | undefined>
  /**
   * Replaces a head whose revision is still `expected` (`undefined`: that does not exist yet).
   * Answers the new head, or `undefined` when another writer was first.
   */
  readonly swapHead: (
    key: string,
    swap: { readonly expected: string | undefined; readonly value: string },
    options?: StoreCallOptions,
  ) => Promise<StoreHead | undefined>
}

/** Reads a small object as UTF-8 text. Rejects with OBJECT_NOT_FOUND where there is none. */
export async function readStoredText(
  store: ArtifactStore,
  key: string,
  options: StoreCallOptions = {},
): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await store.open(key, options)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** A body of UTF-8 text in memory: a record, a head. */
export function textBody(text: string): StoreBody {
  const bytes = Buffer.from(text)
  return {
    sizeBytes: bytes.byteLength,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    open: async function* () {
      yield bytes
    },
  }
}
