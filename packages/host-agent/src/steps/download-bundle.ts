import { writeFileAtomically } from '@fairlead/core/files'
import { defaultMaxRevisions } from '../limits.ts'
import type { AgentRevision, FetchAgentBundle, GitHubHostRevision, HostRevision, LocalHostRevision } from '../model.ts'
import { failUnknown } from '../plan/event-failure.ts'
import { appSpecNameOf } from '../plan/layout.ts'
import { planPruning } from '../plan/pruning.ts'
import { readMachine } from '../ports/accounts.ts'
import { isArchiveProblem, isGzip, unpackTar, unpackZip } from '../ports/archive.ts'
import {
  copyTree,
  findText,
  kindAt,
  liftOnlyChild,
  linkBundle,
  listNames,
  listRevisions,
  makeFolders,
  removeTree,
  saveStream,
  writeText,
} from '../ports/host-files.ts'
import type { Scene } from './scene.ts'

/** Makes room, fetches the bundle, unpacks it and notes it as the most recent revision. */
export async function downloadBundle(scene: Scene, fetchBundle: FetchAgentBundle | undefined): Promise<void> {
  const { own, state, layout, deployment, signal } = scene
  const { revision } = deployment
  await makeRoom(scene)
  if (revision.type === 'Local' && revision.bundleType === 'directory') {
    await takeFolder(revision, own.archive, signal)
  } else {
    if (revision.type === 'Local') await linkBundle(revision.location, own.bundle)
    else await fetchInto(own.bundle, revision, fetchBundle, signal)
    await removeTree(own.archive)
    await makeFolders(own.archive)
    await unpackBundle(scene, typeOf(revision))
    await stripTopFolder(own.archive)
  }
  await noteAppSpecName(scene)
  await makeFolders(layout.instructions)
  await writeFileAtomically(state.mostRecent, own.folder)
}

async function noteAppSpecName({ own, rules, deployment: { appSpecFilename } }: Scene): Promise<void> {
  if (!rules.hooksFindOtherNames || appSpecFilename === undefined) return
  await writeText(appSpecNameOf(own.folder), appSpecFilename)
}

async function makeRoom({ own, state, host, rules }: Scene): Promise<void> {
  const surplus = planPruning(await listRevisions(own.group), {
    current: own.folder,
    lastSuccessful: (await findText(state.lastSuccessful))?.replace(/\r?\n$/, ''),
    maxRevisions: host.maxRevisions ?? defaultMaxRevisions,
  })
  for (const path of surplus) if (!rules.prunesByText || !/\s/.test(path)) await removeTree(path)
}

/** As `cp -r`: into the folder that is there, if it is. */
async function takeFolder({ location }: LocalHostRevision, archive: string, signal?: AbortSignal): Promise<void> {
  const isThere = (await kindAt(archive)) === 'directory'
  await copyTree(location, isThere ? `${archive}/${location.slice(location.lastIndexOf('/') + 1)}` : archive, signal)
}

async function fetchInto(
  path: string,
  revision: HostRevision | GitHubHostRevision,
  fetchBundle: FetchAgentBundle | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!fetchBundle) throw failUnknown('nobody can fetch this bundle: there is no fetchBundle')
  const expected = revision.type === 'GitHub' ? undefined : revision.eTag
  try {
    const { eTag: actual, body } = await fetchBundle(revision, signal ? { signal } : {})
    await saveStream(path, body, signal)
    if (expected !== undefined && bare(expected) !== bare(actual ?? '')) {
      throw failUnknown(`Expected deployment artifact bundle etag ${expected} but was actually ${actual ?? 'missing'}`)
    }
  } catch (error) {
    signal?.throwIfAborted()
    // Whatever the source of the bundle says is how the event fails, as it is when S3 says it.
    throw failUnknown(error instanceof Error ? error.message : String(error))
  }
}

function bare(eTag: string): string {
  return eTag.replaceAll('"', '')
}

function typeOf(revision: AgentRevision): 'zip' | 'tar' | 'tgz' {
  if (revision.type === 'GitHub') return revision.bundleType ?? 'tar'
  return revision.bundleType === 'directory' ? 'tar' : revision.bundleType
}

async function unpackBundle(scene: Scene, bundleType: 'zip' | 'tar' | 'tgz'): Promise<void> {
  const { own, fence, rules, signal } = scene
  const escapes = rules.unpacksEscapes ? 'as-official' : 'refuse'
  const options = { isRoot: readMachine().isRoot, escapes, fence, signal } as const
  try {
    if (bundleType === 'zip') return await unpackZip(own.bundle, own.archive, options)
    // tar finds out by itself whether its input is compressed, but insists where it is told so.
    if (bundleType === 'tgz' && !(await isGzip(own.bundle))) throw failUnknown(tarWords, 'the bundle is not compressed')
    await unpackTar(own.bundle, own.archive, options)
  } catch (error) {
    signal?.throwIfAborted()
    const isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC'
    if (isFull && bundleType === 'zip') {
      await removeTree(own.archive)
      throw failUnknown('The disk is (or was) full during extraction.', (error as Error).message)
    }
    if (isFull) throw failUnknown(tarWords, (error as Error).message)
    if (!isArchiveProblem(error)) throw error
    throw bundleType === 'zip' ? failUnknown(error.message) : failUnknown(tarWords, error.message)
  }
}

const tarWords = 'Error extracting tar archive: 2'

/** A single folder at the top goes when a name in it reads like an AppSpec, in any case: so does the official agent. */
async function stripTopFolder(archive: string): Promise<void> {
  const [top, ...others] = (await listNames(archive)) ?? []
  if (top === undefined || others.length > 0) return
  const names = (await listNames(`${archive}/${top}`)) ?? []
  if (names.some((name) => /appspec/i.test(name))) await liftOnlyChild(archive, top)
}
