import { lstat, mkdtemp, open, readdir, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import type { BundleFile } from '@fairlead/appspec'
import { hostAgentErrors } from '../errors.ts'
import type { LocalHostRevision } from '../model.ts'
import type { RevisionFacts } from '../plan/rehearsal.ts'
import { isArchiveProblem, unpackTar, unpackZip } from './archive.ts'
import { findText } from './host-files.ts'

/** How much of a script is looked at. Chosen here: hooks are short. */
const scriptBytes = 64 * 1024

/** Which kind of bundle lies at a path. */
export async function readBundleType(path: string): Promise<LocalHostRevision['bundleType']> {
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw hostAgentErrors.HOST_BUNDLE_UNREADABLE({
      path,
      reason: error.code === 'ENOENT' ? 'there is nothing' : error.message,
    })
  })
  if (facts.isDirectory()) return 'directory'
  const extension = extname(path).toLowerCase()
  if (extension === '.zip') return 'zip'
  return extension === '.tgz' || extension === '.gz' ? 'tgz' : 'tar'
}

/** What is in a bundle, as a plan needs it: names, modes, the AppSpec and the beginnings of scripts. */
export async function readRevisionFacts(path: string, appSpecName: string): Promise<RevisionFacts> {
  const bundleType = await readBundleType(path)
  if (bundleType === 'directory') return readFolder(path, appSpecName)
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-revision-'))
  const options = { isRoot: false, escapes: 'refuse', fence: { folder, realFolder: folder } } as const
  try {
    await (bundleType === 'zip' ? unpackZip(path, folder, options) : unpackTar(path, folder, options))
    return await readFolder(await topOf(folder), appSpecName)
  } catch (error) {
    if (!isArchiveProblem(error)) throw error
    throw hostAgentErrors.HOST_BUNDLE_UNREADABLE({ path, reason: error.message })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A single folder at the top goes when a name in it reads like an AppSpec. */
async function topOf(folder: string): Promise<string> {
  const [top, ...others] = await readdir(folder)
  if (top === undefined || others.length > 0 || !(await stat(join(folder, top))).isDirectory()) return folder
  return (await readdir(join(folder, top))).some((name) => /appspec/i.test(name)) ? join(folder, top) : folder
}

async function readFolder(folder: string, appSpecName: string): Promise<RevisionFacts> {
  const entries: { path: string; type: 'file' | 'folder' | 'link'; target?: string }[] = []
  const files: Record<string, BundleFile> = {}
  const visit = async (below: string): Promise<void> => {
    for (const name of (await readdir(join(folder, below))).sort()) {
      const path = below === '' ? name : `${below}/${name}`
      const facts = await lstat(join(folder, path))
      if (facts.isSymbolicLink()) entries.push({ path, type: 'link', target: await readlink(join(folder, path)) })
      else if (facts.isDirectory()) {
        entries.push({ path, type: 'folder' })
        await visit(path)
      } else {
        entries.push({ path, type: 'file' })
        files[path] = { executable: (facts.mode & 0o111) !== 0, firstBytes: await beginningOf(join(folder, path)) }
      }
    }
  }
  await visit('')
  const name = (await findName(folder, [appSpecName, 'appspec.yaml', 'appspec.yml'])) ?? appSpecName
  return { appSpec: await findText(join(folder, name)), appSpecName: name, entries, files }
}

async function findName(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) if ((await findText(join(folder, name))) !== undefined) return name
  return undefined
}

async function beginningOf(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(scriptBytes), 0, scriptBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
