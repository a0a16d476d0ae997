import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  checkOptions,
  coreErrors,
  describeValue,
  type ArtifactStore,
  type ObjectLocation,
  type StoredObject,
  type StoreHead,
  textBody,
} from '@fairlead/core'
import { errors } from './errors.ts'
import type { FolderStoreOptions } from './model.ts'
import { compareKeys, faultOfKey, faultOfPrefix } from './plan/key.ts'
import { formatLocation } from './plan/location.ts'
import {
  createFile,
  digestOf,
  emptyFile,
  findFile,
  isFolder,
  makeFolder,
  namesIn,
  readPieces,
  readText,
  removeFile,
} from './ports/folder.ts'
import { checkBodySize, verifiedBytes } from './ports/verified-bytes.ts'

/** Files that are still being written; the same file system as the store, since link(2) does not cross one. */
const pendingFolder = '.pending'
const headsFolder = '.heads'

/**
 * A store in a folder of this machine: for tests, for a demo, for a build server with one disk.
 *
 * An object is a read-only file under its key. It takes its name with link(2), which never replaces one: of several
 * writers, in whatever process, one is first and the others learn it. `find` computes `sha256` from the bytes, so that a
 * damaged object shows; `list` does not.
 *
 * A head is a folder below `.heads` with one file for each revision, `1`, `2`, …, created by the same link(2): the
 * highest is the head. A swap from 7 creates 8, which only one writer can; nobody holds a lock, so no dead owner has to
 * be told from a slow one. Spent revisions are emptied and keep their names, since the name is what makes a late writer
 * lose. Heads are not among the objects of `find` and `list`.
 *
 * @throws INVALID_OPTION, UNKNOWN_OPTION
 */
export function folderStore(options: string | FolderStoreOptions): ArtifactStore {
  const { path, create = false } = readOptions(options)
  const root = resolve(path)
  const pending = join(root, pendingFolder)
  const url = pathToFileURL(root).href

  const fileOf = (key: string): string => {
    const reason = faultOfKey(key)
    if (reason) throw errors.STORE_KEY_INVALID({ store: url, key: String(key), reason })
    return join(root, ...key.split('/'))
  }
  const enter = async (signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted()
    if (await isFolder(root)) return
    if (!create) throw errors.FOLDER_STORE_NOT_FOUND({ path: root })
    await makeFolder(root)
  }
  const locate = (path: string): ObjectLocation => ({ kind: 'folder', path })

  const find: ArtifactStore['find'] = async (key, { signal, location } = {}) => {
    const path = fileOf(key)
    checkLocation(key, location)
    await enter(signal)
    const file = await findFile(path)
    if (!file) return undefined
    return { key, sizeBytes: file.sizeBytes, sha256: await digestOf(path, signal), location: locate(path) }
  }

  /** A folder has no versions and may be mounted elsewhere: what pins an object here is its key. */
  const checkLocation = (key: string, location: ObjectLocation | undefined): void => {
    if (location === undefined) return
    const parts = location.kind === 'folder' ? location.path.split(/[\\/]/) : []
    if (parts.slice(-key.split('/').length).join('/') !== key) {
      throw errors.STORE_LOCATION_MISMATCH({ store: url, key, location: formatLocation(location) })
    }
  }

  const readHead: ArtifactStore['readHead'] = async (key, { signal } = {}) => {
    const folder = headFolder(root, fileOf(key))
    await enter(signal)
    return readHighest(folder)
  }

  return {
    url,
    find,
    readHead,
    put: async (key, body, { signal } = {}) => {
      const path = fileOf(key)
      checkBodySize(body, { store: url, key })
      await enter(signal)
      const existing = await find(key, { signal })
      if (existing) return { created: false, object: existing }
      const created = await createFile(path, verifiedBytes(body, { store: url, key }), { pending, signal })
      const object = created
        ? { key, sizeBytes: body.sizeBytes, sha256: body.sha256, location: locate(path) }
        : await find(key, { signal })
      // The name is taken, and not by a file: another key lies below this one, which S3 allows and a folder cannot.
      if (!object) throw errors.FOLDER_STORE_FAILED({ operation: 'create', path, reason: 'EISDIR' })
      return { created, object }
    },
    open: async (key, { signal, location } = {}) => {
      const path = fileOf(key)
      checkLocation(key, location)
      await enter(signal)
      if (!(await findFile(path))) throw coreErrors.OBJECT_NOT_FOUND({ store: url, key })
      return readPieces(path, signal)
    },
    list: async function* (prefix, { signal } = {}) {
      const reason = faultOfPrefix(prefix)
      if (reason) throw errors.STORE_KEY_INVALID({ store: url, key: String(prefix), reason })
      await enter(signal)
      const start = prefix.split('/').slice(0, -1)
      const found = await collect(root, start, prefix, signal)
      yield* found.sort((a, b) => compareKeys(a.key, b.key))
    },
    delete: async (key, { signal } = {}) => {
      const path = fileOf(key)
      await enter(signal)
      if (await findFile(path)) await removeFile(path)
    },
    swapHead: async (key, { expected, value }, { signal } = {}) => {
      const folder = headFolder(root, fileOf(key))
      await enter(signal)
      const spent = expected === undefined ? undefined : join(folder, expected)
      if (expected !== undefined && !/^[1-9]\d{0,14}$/.test(expected)) return undefined
      if (spent !== undefined && !(await findFile(spent))) return undefined
      const revision = String(Number(expected ?? 0) + 1)
      const created = await createFile(join(folder, revision), verifiedHead(value, { store: url, key }), {
        pending,
        signal,
      })
      if (!created) return undefined
      if (spent !== undefined) await emptyFile(spent, { pending })
      return { value, revision }
    },
  }
}

function readOptions(options: string | FolderStoreOptions): FolderStoreOptions {
  const given = typeof options === 'string' ? { path: options } : options
  checkOptions('folderStore', given, ['path', 'create'])
  if (typeof given?.path !== 'string' || given.path === '') {
    throw coreErrors.INVALID_OPTION({
      verb: 'folderStore',
      option: 'path',
      given: describeValue(given?.path),
      expected: 'the path of a folder',
    })
  }
  if (given.create !== undefined && typeof given.create !== 'boolean') {
    throw coreErrors.INVALID_OPTION({
      verb: 'folderStore',
      option: 'create',
      given: describeValue(given.create),
      expected: 'true or false',
    })
  }
  return given
}

function headFolder(root: string, file: string): string {
  return join(root, headsFolder, relative(root, file))
}

/** A head may be empty text, an object may not. */
async function* verifiedHead(value: string, place: { readonly store: string; readonly key: string }) {
  if (value !== '') yield* verifiedBytes(textBody(value), place)
}

async function readHighest(folder: string): Promise<StoreHead | undefined> {
  for (;;) {
    const revision = await highestRevision(folder)
    if (revision === 0) return undefined
    const value = await readText(join(folder, String(revision)))
    // Empty text is a head's value, or that of a revision which was spent between the two looks.
    if (value !== undefined && (value !== '' || (await highestRevision(folder)) === revision)) {
      return { value, revision: String(revision) }
    }
  }
}

async function highestRevision(folder: string): Promise<number> {
  const names = await namesIn(folder)
  return names.reduce((highest, { name }) => (/^[1-9]\d*$/.test(name) ? Math.max(highest, Number(name)) : highest), 0)
}

async function collect(
  root: string,
  parts: readonly string[],
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<StoredObject[]> {
  signal?.throwIfAborted()
  const objects: StoredObject[] = []
  for (const { name, folder } of await namesIn(join(root, ...parts))) {
    if (parts.length === 0 && name.startsWith('.')) continue
    const key = [...parts, name].join('/')
    if (folder && (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`))) {
      objects.push(...(await collect(root, [...parts, name], prefix, signal)))
    } else if (!folder && key.startsWith(prefix)) {
      const file = await findFile(join(root, ...parts, name))
      if (file) objects.push({ key, sizeBytes: file.sizeBytes, location: { kind: 'folder', path: file.path } })
    }
  }
  return objects
}
