import { join } from 'node:path'
import {
  ambientOptionNames,
  checkOptions,
  commitId,
  coreErrors,
  describeValue,
  isoTime,
  list,
  nonEmptyText,
  object,
  oneOf,
  optional,
  recordReader,
  sha256Text,
  type Manifest,
} from '@fairlead/core'
import { errors } from './errors.ts'
import { readHistory } from './history.ts'
import { isReleaseFolderName, layoutOf, readCurrent, recordPath, type Layout } from './layout.ts'
import type { HistoryEntry, InstalledReleases, ReleaseAmbientOptions } from './model.ts'
import { describeInstalled, type StagedRecord } from './plan/installed.ts'
import { parseReleaseName } from './plan/name.ts'
import { systemDisk, type Disk } from './ports/disk.ts'

export interface ReadInstalledReleasesOptions extends ReleaseAmbientOptions {
  /** The folder that holds `releases`, `shared` and `current`. */
  readonly root: string
}

/**
 * Reads what stands on a host. Releases of Capistrano, Deployer and others are listed too, without a commit. Takes no lock
 * and changes nothing.
 *
 * @throws RELEASE_ROOT_MISSING, CURRENT_NOT_A_LINK, FILE_OPERATION_FAILED
 */
export async function readInstalledReleases(options: ReadInstalledReleasesOptions): Promise<InstalledReleases> {
  checkOptions('readInstalledReleases', options, ['root', ...ambientOptionNames])
  const layout = requireRoot('readInstalledReleases', options.root)
  options.signal?.throwIfAborted()
  await requireRootFolder(systemDisk, layout)
  return await readInstalled(systemDisk, layout)
}

/** @throws INVALID_OPTION */
export function requireRoot(verb: string, root: unknown): Layout {
  if (typeof root === 'string' && root !== '' && !root.includes('\0')) return layoutOf(root)
  throw coreErrors.INVALID_OPTION({
    verb,
    option: 'root',
    given: describeValue(root),
    expected: 'the path of a folder',
  })
}

/** @throws RELEASE_ROOT_MISSING */
export async function requireRootFolder(disk: Disk, { root }: Layout): Promise<void> {
  if ((await disk.realPath(root)) === undefined) throw errors.RELEASE_ROOT_MISSING({ root })
}

/** A repair reads what can be read. */
interface ReadableParts {
  /** Default: the whole history, which can be read. */
  readonly history?: readonly HistoryEntry[]
  /** Releases whose record cannot be read, and what their manifest says. Default: none. */
  readonly withoutRecords?: ReadonlyMap<string, Pick<Manifest, 'commit' | 'contentDigest'>>
}

export async function readInstalled(
  disk: Disk,
  layout: Layout,
  { history: readable, withoutRecords = new Map() }: ReadableParts = {},
): Promise<InstalledReleases> {
  const [current, names, history] = await Promise.all([
    readCurrent(disk, layout),
    disk.list(layout.releases),
    readable ?? readHistory(disk, layout),
  ])
  const found = await Promise.all(
    (names ?? [])
      .filter(({ name, type }) => type === 'directory' && isReleaseFolderName(name))
      .map(async ({ name }) => {
        const path = join(layout.releases, name)
        const lost = withoutRecords.get(name)
        const [entry, record] = await Promise.all([
          disk.entry(path),
          lost === undefined ? readRecord(disk, layout, name) : recordOf(name, lost),
        ])
        const markedBad = record === undefined && (await disk.entry(join(path, 'BAD_RELEASE'))) !== undefined
        // A prune may have taken it away since it was listed.
        return (
          entry && { folder: { name, path, changedAt: new Date(entry.changedAtMs).toISOString(), markedBad }, record }
        )
      }),
  )
  const there = found.filter((release) => release !== undefined)
  return describeInstalled({
    root: layout.root,
    currentLink: current?.link,
    currentName: current?.name,
    folders: there.map(({ folder }) => folder),
    records: there.map(({ record }) => record).filter((record) => record !== undefined),
    history,
  })
}

function recordOf(name: string, { commit, contentDigest }: Pick<Manifest, 'commit' | 'contentDigest'>) {
  const { id = name, stagedAt = new Date(0).toISOString() } = parseReleaseName(name) ?? {}
  return { name, id, commit, contentDigest, stagedAt }
}

const parseRecord = recordReader(
  'record of a staged release',
  object({
    schema: oneOf('fairlead/installed-release/1'),
    name: nonEmptyText,
    id: nonEmptyText,
    commit: commitId,
    contentDigest: sha256Text,
    stagedAt: isoTime,
    manifestSha256: optional(sha256Text),
    shared: optional(list(nonEmptyText)),
    overlap: optional(list(nonEmptyText)),
    writable: optional(list(nonEmptyText)),
  }),
)

export async function readRecord(disk: Disk, layout: Layout, name: string): Promise<StagedRecord | undefined> {
  const path = recordPath(layout, name)
  const text = await disk.readText(path)
  return text === undefined ? undefined : parseRecord(text, path)
}

/** The record of a release, as {@link readInstalledReleases} reads it. */
export function formatRecord(record: StagedRecord): string {
  return `${JSON.stringify({ schema: 'fairlead/installed-release/1', ...record })}\n`
}
