import {
  chmodSync,
  closeSync,
  fchmodSync,
  fsync,
  fsyncSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { isDeployError } from '@fairlead/core'
import { syncFolder } from '@fairlead/core/files'
import { artifactErrors } from '../errors.ts'
import type { ArtifactLink, MatchedEntry } from '../plan/match-manifest.ts'
import { codeOf } from './path-failure.ts'

/** What is to be known of an entry to write it. */
type FolderEntry = Pick<MatchedEntry, 'path' | 'type' | 'mode'>

/** A new folder that is being filled. */
export interface FolderTarget {
  /** Absolute path of the folder while it is filled. */
  readonly folder: string
  /** The folder that it becomes, for messages. */
  readonly into: string
  /** Whether this process's umask takes nothing from `0755`. */
  readonly keepsModes: boolean
  /** Whether what is written goes to the disk at once. */
  readonly durable: boolean
}

/** Puts entries into a folder that nobody else writes to. */
export interface FolderWriter {
  /** A link is left to the end: nothing is written while there is one. */
  readonly write: (entry: FolderEntry, content: Buffer) => void
  /** Makes a file that comes in pieces. */
  readonly openFile: (entry: FolderEntry) => FileSink
  readonly link: (link: ArtifactLink) => void
  /** Gives folders the modes that they could not have while they were filled, and syncs them where that is asked for. */
  readonly finish: (entries: readonly FolderEntry[]) => Promise<void>
}

/** A file that is being written. */
export interface FileSink {
  readonly write: (piece: Buffer) => void
  readonly close: () => Promise<void>
}

/** What folders of an artifact are for everybody, and what a umask is asked about. */
export const folderMode = 0o755

/** Folders while they are filled: their owner must get into them. */
const ownerBits = 0o700

/** Sync calls, for lanes: several writers may fill one folder. */
export function openFolderWriter(target: FolderTarget): FolderWriter {
  const { folder, into, keepsModes, durable } = target
  const made = new Set<string>()

  const makeFolder = (path: string, mode: number) => {
    if (made.has(path)) return
    makeFolderAbove(path)
    try {
      mkdirSync(`${folder}/${path}`, mode | ownerBits)
    } catch (error) {
      // Another lane was first.
      if (codeOf(error) !== 'EEXIST') throw error
    }
    made.add(path)
  }
  const makeFolderAbove = (path: string) => {
    const cut = path.lastIndexOf('/')
    if (cut > 0) makeFolder(path.slice(0, cut), folderMode)
  }
  const create = ({ path, mode }: FolderEntry): number => {
    makeFolderAbove(path)
    // Exclusive: it follows no link and opens nothing that is there.
    const file = openSync(`${folder}/${path}`, 'wx', mode)
    if (!keepsModes || (mode & ~folderMode) !== 0) fchmodSync(file, mode)
    return file
  }
  const writeFile = (entry: FolderEntry, content: Buffer) => {
    const file = create(entry)
    try {
      writeAll(file, content)
      if (durable) fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }
  const openFile = (entry: FolderEntry): FileSink => {
    const file = atPath(into, entry.path, () => create(entry))
    return {
      write: (piece) => atPath(into, entry.path, () => writeAll(file, piece)),
      close: async () => {
        try {
          if (durable) await sync(file)
        } catch (error) {
          throw failToWrite(into, entry.path, error)
        } finally {
          closeSync(file)
        }
      },
    }
  }
  const finish = async (entries: readonly FolderEntry[]) => {
    const isOdd = ({ type, mode }: FolderEntry) => type === 'directory' && mode !== folderMode
    if (keepsModes && !durable && !entries.some(isOdd)) return
    const modes = folderModes(entries)
    for (const [path, mode] of modes) {
      if (!keepsModes || mode !== folderMode) atPath(into, path, () => chmodSync(`${folder}/${path}`, mode))
    }
    for (const path of durable ? modes.keys() : []) {
      await syncFolder(`${folder}/${path}`).catch((error: unknown) => {
        throw failToWrite(into, path, error)
      })
    }
  }
  return {
    write: (entry, content) =>
      atPath(into, entry.path, () => {
        if (entry.type === 'file') writeFile(entry, content)
        else if (entry.type === 'directory') makeFolder(entry.path, entry.mode)
      }),
    openFile,
    link: ({ path, target }) =>
      atPath(into, path, () => {
        makeFolderAbove(path)
        symlinkSync(target, `${folder}/${path}`)
      }),
    finish,
  }
}

const sync = promisify(fsync)

function writeAll(file: number, content: Buffer): void {
  for (let done = 0; done < content.length;) done += writeSync(file, content, done)
}

/** Every folder below the top with its mode, those in it before it: what has no entry of its own is as all folders are. */
function folderModes(entries: readonly FolderEntry[]): ReadonlyMap<string, number> {
  const modes = new Map<string, number>()
  for (const { path, type, mode } of entries) {
    if (type === 'directory') modes.set(path, mode)
    for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1)) {
      const above = path.slice(0, cut)
      if (modes.has(above)) break
      modes.set(above, folderMode)
    }
  }
  return new Map([...modes].sort(([a], [b]) => b.length - a.length))
}

function atPath<T>(into: string, path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw failToWrite(into, path, error)
  }
}

/** The error for what the system said while a folder was filled. */
export function failToWrite(into: string, path: string, error: unknown) {
  if (isDeployError(error)) return error
  return artifactErrors.ARTIFACT_FOLDER_UNWRITABLE({ into, path, reason: codeOf(error) }, { cause: error })
}
