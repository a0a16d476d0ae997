import { writeFileAtomically } from '@fairlead/core/files'
import { defaultMaxRevisions } from '../limits.ts'
import type { FetchBundle, HostRevision } from '../model.ts'
import { failUnknown } from '../plan/event-failure.ts'
import { planPruning } from '../plan/pruning.ts'
import { readMachine } from '../ports/accounts.ts'
import { isArchiveProblem, isGzip, unpackTar, unpackZip } from '../ports/archive.ts'
import {
  findText,
  liftOnlyChild,
  listNames,
  listRevisions,
  makeFolders,
  removeTree,
  saveStream,
} from '../ports/host-files.ts'
import type { Scene } from './scene.ts'

/** Makes room, fetches the bundle, unpacks it and notes it as the most recent revision. */
export async function downloadBundle(scene: Scene, fetchBundle: FetchBundle): Promise<void> {
  const { own, state, host, deployment, signal } = scene
  const surplus = planPruning(await listRevisions(own.group), {
    current: own.folder,
    lastSuccessful: await findText(state.lastSuccessful),
    maxRevisions: host.maxRevisions ?? defaultMaxRevisions,
  })
  for (const path of surplus) await removeTree(path)
  await makeFolders(own.folder)
  await fetchInto(own.bundle, deployment.revision, fetchBundle, signal)
  await removeTree(own.archive)
  await makeFolders(own.archive)
  await unpackBundle(own.bundle, own.archive, deployment.revision.bundleType, signal)
  await stripTopFolder(own.archive)
  await writeFileAtomically(state.mostRecent, own.folder)
}

async function fetchInto(
  path: string,
  revision: HostRevision,
  fetchBundle: FetchBundle,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { eTag: expected } = revision
  try {
    const { eTag: actual, body } = await fetchBundle(revision, signal ? { signal } : {})
    if (expected !== undefined && bare(expected) !== bare(actual ?? '')) {
      await body[Symbol.asyncIterator]().return?.()
      throw failUnknown(`Expected deployment artifact bundle etag ${expected} but was actually ${actual ?? 'missing'}`)
    }
    await saveStream(path, body, signal)
  } catch (error) {
    signal?.throwIfAborted()
    // Whatever the source of the bundle says is how the event fails, as it is when S3 says it.
    throw failUnknown(error instanceof Error ? error.message : String(error))
  }
}

function bare(eTag: string): string {
  return eTag.replaceAll('"', '')
}

async function unpackBundle(
  bundle: string,
  archive: string,
  bundleType: HostRevision['bundleType'],
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = { isRoot: readMachine().isRoot, signal }
  try {
    if (bundleType === 'zip') return await unpackZip(bundle, archive, options)
    // tar finds out by itself whether its input is compressed, but insists where it is told so.
    if (bundleType === 'tgz' && !(await isGzip(bundle))) throw failUnknown(tarWords, 'the bundle is not compressed')
    await unpackTar(bundle, archive, options)
  } catch (error) {
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
