import { stat } from 'node:fs/promises'
import { isDeployError, coreErrors } from '@fairlead/core'
import { runGit } from '@fairlead/core/git'
import { artifactErrors } from '../errors.ts'
import type { CommittedEntry } from '../plan/compare-tree.ts'
import { waitForBoth } from '../wait-for-both.ts'
import { codeOf } from './path-failure.ts'

/** A commit and what git knows below a folder. */
export interface CommittedTree {
  readonly commit: string
  /** Where the folder stands in the repository, with a slash at the end: `apps/shop/`. Empty at its top. */
  readonly prefix: string
  /** Blobs of the commit below the folder, submodules' included. Paths relative to the folder. */
  readonly entries: readonly CommittedEntry[]
  /** Paths of the index below the folder. */
  readonly indexed: readonly string[]
  /** Submodules whose recorded commit is not there to be compared. */
  readonly unknownSubmodules: readonly string[]
}

/**
 * Reads the commit that a folder's repository stands at, and its files below the folder.
 *
 * @throws ARTIFACT_REPOSITORY_MISSING, ARTIFACT_COMMIT_MISSING, GIT_MISSING, GIT_FAILED
 */
export async function readCommittedTree(root: string, signal: AbortSignal | undefined): Promise<CommittedTree> {
  const [tree, index] = await waitForBoth(
    readHead(root, signal),
    runGit(['ls-files', '-z', '--cached'], { folder: root, signal }),
  )
  return { ...tree, indexed: index.stdout.split('\0').filter((path) => path !== '') }
}

async function readHead(root: string, signal: AbortSignal | undefined): Promise<Omit<CommittedTree, 'indexed'>> {
  const { prefix, commit } = await readPlace(root, signal)
  return { prefix, commit, ...(await readTree(root, commit, '', signal)) }
}

/** When a commit was made, by its committer's clock. */
export async function readCommitTimeMs(root: string, commit: string, signal: AbortSignal | undefined): Promise<number> {
  const { stdout } = await runGit(['show', '--no-patch', '--format=%ct', commit], { folder: root, signal })
  return Number(stdout.trim()) * 1000
}

/** Where a folder stands in its repository, and at which commit that does. One call: each takes the caller 5 ms. */
async function readPlace(
  root: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly prefix: string; readonly commit: string }> {
  const place = await askForPlace(root, signal)
  const [, prefix = '', commit] = /^true\n((?:[^]*\/)?)\n(?:([0-9a-f]+)\n)?$/.exec(place) ?? []
  if (!place.startsWith('true\n')) throw artifactErrors.ARTIFACT_REPOSITORY_MISSING({ root })
  if (commit === undefined) throw artifactErrors.ARTIFACT_COMMIT_MISSING({ root })
  return { prefix, commit }
}

async function askForPlace(root: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    // Of a commit that is not there, `--revs-only` says nothing.
    const asked = ['rev-parse', '--is-inside-work-tree', '--show-prefix', '--revs-only', 'HEAD^{commit}']
    return (await runGit(asked, { folder: root, signal })).stdout
  } catch (error) {
    if (!isDeployError(error, coreErrors.GIT_FAILED) || !error.context.stderr.includes('not a git repository')) {
      throw error
    }
    throw artifactErrors.ARTIFACT_REPOSITORY_MISSING({ root })
  }
}

async function readTree(
  folder: string,
  commit: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<Pick<CommittedTree, 'entries' | 'unknownSubmodules'>> {
  // From a folder below the top, ls-tree lists that folder, with paths relative to it.
  if (prefix !== '' && !(await isFolder(folder))) return { entries: [], unknownSubmodules: [prefix.slice(0, -1)] }
  const tree = await runGit(['ls-tree', '-r', '-z', commit], {
    folder,
    signal,
    // A submodule that is not checked out has no such commit; of root's own commit we know that it is there.
    expectedExitCodes: prefix === '' ? [0] : [0, 128],
  })
  if (tree.exitCode !== 0) return { entries: [], unknownSubmodules: [prefix.slice(0, -1)] }
  const entries: CommittedEntry[] = []
  const unknownSubmodules: string[] = []
  for (const line of tree.stdout.split('\0')) {
    const parsed = /^(\d{6}) (\w+) ([0-9a-f]+)\t(.*)$/s.exec(line)
    if (!parsed) continue
    const [, mode = '', type, id = '', name = ''] = parsed
    if (type === 'blob') entries.push({ path: prefix + name, mode, id })
    if (type === 'commit') {
      const below = await readTree(`${folder}/${name}`, id, `${prefix}${name}/`, signal)
      entries.push(...below.entries)
      unknownSubmodules.push(...below.unknownSubmodules)
    }
  }
  return { entries, unknownSubmodules }
}

/**
 * The ids of files as git would store them, with the conversions that the repository's attributes ask for (line ends,
 * LFS, keywords): for those whose plain bytes are not the commit's.
 *
 * @throws GIT_MISSING, GIT_FAILED
 */
export async function readConvertedIds(
  root: string,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  if (paths.length === 0) return new Map()
  const top = await runGit(['rev-parse', '--show-cdup'], { folder: root, signal })
  const prefix = await runGit(['rev-parse', '--show-prefix'], { folder: root, signal })
  const folder = top.stdout.trim() === '' ? root : `${root}/${top.stdout.trim()}`
  const answer = await runGit(['hash-object', '--stdin-paths'], {
    folder,
    signal,
    input: paths.map((path) => `${quoted(prefix.stdout.replace(/\n$/, '') + path)}\n`).join(''),
  })
  const ids = answer.stdout.trim().split('\n')
  return new Map(paths.map((path, index) => [path, ids[index] ?? '']))
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false
    throw error
  }
}

/** git reads a line that begins with a quote as a C string. */
function quoted(path: string): string {
  return /["\\\n]/.test(path)
    ? `"${path.replaceAll(/["\\]/g, (character) => `\\${character}`).replaceAll('\n', '\\n')}"`
    : path
}
