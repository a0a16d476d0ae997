import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import type { Body } from '../body.ts'
import type { DigestName } from '../checksum/checksums.ts'
import { openBodyWriters } from './bodies/body-writer.ts'

/** A run of bytes in a file; an object that came in parts has several. */
export interface Segment {
  readonly id: string
  readonly sizeBytes: number
}

/** A segment that was written, and the digests that were asked for, in the order of their names. */
export interface Written {
  readonly segment: Segment
  readonly digests: readonly Buffer[]
}

/** The files of a server. No name in it is chosen by a caller, so that no key can lead outside. */
export interface ObjectFiles {
  /** Writes a body of at most so many bytes to a new file. Where the body fails, nothing is left. */
  readonly write: (
    body: Body,
    facts: { readonly digests: readonly DigestName[]; readonly sizeBytes: number },
  ) => Promise<Written>
  /** The bytes from `start` to `end`, the latter included, of the segments in their order. */
  readonly read: (segments: readonly Segment[], range: { readonly start: number; readonly end: number }) => Readable
  /** Removes the files; one that is being read goes when its reader is done. */
  readonly remove: (segments: readonly Segment[]) => Promise<void>
  /** Removes every file that none of these segments needs: what a crash left behind. */
  readonly keepOnly: (segments: readonly Segment[]) => Promise<void>
  /** Keeps a small JSON document under a name of letters, digits and dashes; does nothing in a temporary folder. */
  readonly saveRecord: (name: string, record: unknown) => Promise<void>
  readonly removeRecord: (name: string) => Promise<void>
  readonly loadRecords: () => Promise<ReadonlyMap<string, unknown>>
  /** Removes everything, if the folder is a temporary one. */
  readonly close: () => Promise<void>
}

/** Large enough that a read costs little, small enough that many readers at once do not matter. */
const readBytes = 512 * 1024

/** Opens the files in `folder`, which is kept, or in a temporary folder, which `close` removes. */
export async function openObjectFiles(folder: string | undefined): Promise<ObjectFiles> {
  const root = folder === undefined ? await mkdtemp(join(tmpdir(), 'fairlead-local-aws-')) : resolve(folder)
  const [bodies, records] = [join(root, 'bodies'), join(root, 'records')]
  for (const path of [bodies, records]) await mkdir(path, { recursive: true, mode: 0o700 })
  const pathOf = ({ id }: Pick<Segment, 'id'>) => join(bodies, id)
  const writers = openBodyWriters()
  const readers = new Map<string, number>()
  const doomed = new Set<string>()
  const unlink = (segment: Segment) => rm(pathOf(segment), { force: true })
  const release = (segment: Segment) => {
    const left = (readers.get(segment.id) ?? 1) - 1
    if (left > 0) readers.set(segment.id, left)
    else {
      readers.delete(segment.id)
      if (doomed.delete(segment.id)) unlink(segment).catch(() => {})
    }
  }
  return {
    write: async (body, facts) => {
      const id = randomUUID()
      const writer = writers.start(pathOf({ id }), facts)
      let sizeBytes = 0
      try {
        await body.pour((piece) => {
          sizeBytes += piece.length
          return writer.take(piece)
        })
        const digests = await writer.end()
        return { segment: { id, sizeBytes }, digests }
      } catch (error) {
        await writer.abandon()
        throw error
      }
    },
    read: (segments, range) => {
      const wanted = cut(segments, range)
      for (const { segment } of wanted) readers.set(segment.id, (readers.get(segment.id) ?? 0) + 1)
      // Most objects lie in one file, which needs nothing between it and its reader.
      const [only] = wanted
      const stream =
        only && wanted.length === 1
          ? openSlice(only, pathOf)
          : Readable.from(readAll(wanted, pathOf), { objectMode: false, highWaterMark: readBytes })
      stream.once('close', () => wanted.forEach(({ segment }) => release(segment)))
      return stream
    },
    remove: async (segments) => {
      for (const segment of segments) {
        if (readers.has(segment.id)) doomed.add(segment.id)
        else await unlink(segment)
      }
    },
    keepOnly: async (segments) => {
      const kept = new Set(segments.map(({ id }) => id))
      for (const name of await readdir(bodies)) if (!kept.has(name)) await rm(join(bodies, name), { force: true })
    },
    saveRecord: async (name, record) => {
      if (folder === undefined) return
      const path = join(records, `${name}.json`)
      const temporary = join(records, `${name}.${randomUUID()}.tmp`)
      try {
        await writeFile(temporary, JSON.stringify(record), { flag: 'wx', mode: 0o600 })
        await rename(temporary, path)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
    },
    removeRecord: async (name) => {
      if (folder !== undefined) await rm(join(records, `${name}.json`), { force: true })
    },
    loadRecords: async () => {
      const loaded = new Map<string, unknown>()
      for (const name of await readdir(records)) {
        const path = join(records, name)
        if (name.endsWith('.tmp')) await rm(path, { force: true })
        else loaded.set(name.replace(/\.json$/, ''), JSON.parse(await readFile(path, 'utf8')))
      }
      return loaded
    },
    close: async () => {
      await writers.close()
      if (folder === undefined) await rm(root, { recursive: true, force: true })
    },
  }
}

interface Slice {
  readonly segment: Segment
  readonly start: number
  readonly end: number
}

function cut(segments: readonly Segment[], range: { readonly start: number; readonly end: number }): readonly Slice[] {
  let offset = 0
  return segments.flatMap((segment) => {
    const [start, end] = [Math.max(range.start - offset, 0), Math.min(range.end - offset, segment.sizeBytes - 1)]
    offset += segment.sizeBytes
    return start <= end ? [{ segment, start, end }] : []
  })
}

async function* readAll(slices: readonly Slice[], pathOf: (segment: Segment) => string): AsyncGenerator<Buffer> {
  for (const slice of slices) yield* openSlice(slice, pathOf) as AsyncIterable<Buffer>
}

function openSlice({ segment, start, end }: Slice, pathOf: (segment: Segment) => string): Readable {
  return createReadStream(pathOf(segment), { start, end, highWaterMark: readBytes })
}
