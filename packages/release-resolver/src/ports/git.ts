import { stat } from 'node:fs/promises'
import { parse, resolve } from 'node:path'
import { coreErrors, isDeployError, nearestName } from '@fairlead/core'
import { runGit, withoutCredentials } from '@fairlead/core/git'
import { errors } from '../errors.ts'
import { maxTagsForHint } from '../limits.ts'
import { findRemoteTag } from '../plan/ls-remote.ts'
import { withoutSecrets, type Repository } from '../plan/repository.ts'

type Local = Extract<Repository, { kind: 'local' }>
type Remote = Extract<Repository, { kind: 'remote' }>

/** Objects that a repository replaces by others (`git replace`) are read as what they are. */
const truly = '--no-replace-objects'

/**
 * The commit of a tag in a clone or a bare repository of this machine.
 *
 * @throws REPOSITORY_NOT_FOUND, TAG_NOT_FOUND, TAG_NOT_A_COMMIT, TAG_NAME_DIFFERS, GIT_MISSING, GIT_FAILED
 */
export async function readLocalTag({ path }: Local, tag: string, signal: AbortSignal | undefined): Promise<string> {
  const repository = resolve(path)
  await requireLocalRepository(repository, signal)
  // Listed and compared whole: what `rev-parse` makes of a missing refs/tags/v1 may be a branch of that long name.
  const format = '--format=%(refname)%00%(objectname)%00%(objecttype)%00%(tag)'
  const { stdout } = await runGit([truly, 'for-each-ref', format, `refs/tags/${tag}`], { folder: repository, signal })
  const row = stdout
    .split('\n')
    .map((line) => line.split('\0'))
    .find(([name]) => name === `refs/tags/${tag}`)
  if (!row) {
    const nearest = nearestName(tag, await listTags(repository, signal))
    throw errors.TAG_NOT_FOUND({ tag, repository, nearest })
  }
  const [, id = '', type, ownName] = row
  if (type === 'tag' && ownName !== tag) throw errors.TAG_NAME_DIFFERS({ tag, repository, ownName: ownName ?? '' })
  const peeled = type === 'tag' ? await peel(repository, id, signal) : { id, type: type ?? 'nothing' }
  if (peeled.type !== 'commit') throw errors.TAG_NOT_A_COMMIT({ tag, repository, type: peeled.type })
  return peeled.id
}

/**
 * The commit of a tag as the remote has it now.
 *
 * @throws REPOSITORY_NOT_FOUND, REPOSITORY_UNREACHABLE, TAG_NOT_FOUND, GIT_MISSING
 */
export async function readRemoteTag(remote: Remote, tag: string, signal: AbortSignal | undefined): Promise<string> {
  const { address, shown: repository } = remote
  // At the root, so that no repository around the working directory adds its configuration.
  const folder = parse(process.cwd()).root
  const names = [`refs/tags/${tag}`, `refs/tags/${tag}^{}`]
  try {
    const { stdout } = await runGit(['ls-remote', '--', address, ...names], { folder, signal })
    const commit = findRemoteTag(stdout, tag)
    if (commit === undefined) throw errors.TAG_NOT_FOUND({ tag, repository })
    return commit
  } catch (error) {
    if (!isDeployError(error, coreErrors.GIT_FAILED)) throw error
    // Its words and its context hold the address as it was given, so that it is no cause.
    const detail = withoutCredentials(withoutSecrets(error.context.stderr, remote))
    if (/not found|does not appear to be a git repository|does not exist|not a git repository/i.test(detail)) {
      throw errors.REPOSITORY_NOT_FOUND({ repository })
    }
    throw errors.REPOSITORY_UNREACHABLE({ repository, detail })
  }
}

/** What a clone knows of a commit and a branch. */
export type Ancestry = 'on-branch' | 'not-on-branch' | 'no-such-branch' | 'no-such-commit' | 'history-cut-off'

/**
 * Whether a commit is on a branch. The remote's branch as it was last fetched comes before the local one of that name.
 *
 * @throws REPOSITORY_NOT_FOUND, GIT_MISSING, GIT_FAILED
 */
export async function readAncestry(
  { path }: Local,
  question: { readonly commit: string; readonly branch: string },
  signal: AbortSignal | undefined,
): Promise<{ readonly ancestry: Ancestry; readonly ref?: string }> {
  const { commit, branch } = question
  const folder = resolve(path)
  await requireLocalRepository(folder, signal)
  const wanted = [`refs/remotes/origin/${branch}`, `refs/heads/${branch}`]
  const listing = await runGit([truly, 'for-each-ref', '--format=%(refname)', ...wanted], { folder, signal })
  const names = listing.stdout.split('\n')
  const ref = wanted.find((name) => names.includes(name))
  if (ref === undefined) return { ancestry: 'no-such-branch' }
  const shallow = await runGit(['rev-parse', '--is-shallow-repository'], { folder, signal })
  const cutOff = shallow.stdout.trim() === 'true'
  const { type } = await peel(folder, commit, signal)
  if (type !== 'commit') return { ancestry: cutOff ? 'history-cut-off' : 'no-such-commit', ref }
  const answer = await runGit([truly, 'merge-base', '--is-ancestor', '--end-of-options', commit, ref], {
    folder,
    signal,
    expectedExitCodes: [0, 1],
  })
  if (answer.exitCode === 0) return { ancestry: 'on-branch', ref }
  // A shallow clone answers "no" for a true ancestor that lies beyond its cut.
  return { ancestry: cutOff ? 'history-cut-off' : 'not-on-branch', ref }
}

async function requireLocalRepository(folder: string, signal: AbortSignal | undefined): Promise<void> {
  if (!(await isFolder(folder))) throw errors.REPOSITORY_NOT_FOUND({ repository: folder })
  try {
    await runGit(['rev-parse', '--git-dir'], { folder, signal })
  } catch (error) {
    // Any other refusal, for example of a folder that somebody else owns, says what it is in git's words.
    const none = isDeployError(error, coreErrors.GIT_FAILED) && /not a git repository/i.test(error.context.stderr)
    throw none ? errors.REPOSITORY_NOT_FOUND({ repository: folder }, { cause: error }) : error
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw error
  }
}

/** The object behind a tag of tags; its type is `missing object` where the repository does not have it. */
async function peel(
  folder: string,
  id: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly id: string; readonly type: string }> {
  const { stdout } = await runGit([truly, 'cat-file', '--batch-check=%(objectname) %(objecttype)'], {
    folder,
    signal,
    input: `${id}^{}\n`,
  })
  const [peeled = '', type = ''] = stdout.trim().split(' ')
  return type === 'missing' ? { id, type: 'missing object' } : { id: peeled, type }
}

async function listTags(folder: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const format = ['--format=%(refname:strip=2)', `--count=${maxTagsForHint}`]
  const { stdout } = await runGit(['for-each-ref', ...format, 'refs/tags'], { folder, signal })
  return stdout.split('\n').filter((name) => name !== '')
}
