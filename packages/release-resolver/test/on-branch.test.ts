import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { folderStore } from '@fairlead/s3-publisher'
import { createRepository, temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { checkPromotable, onBranch } from '../src/index.ts'
import { releaseOf } from './world.ts'

const gates = [onBranch('main')]

/** The codes of what the gate finds for a commit in a repository. */
async function check(repository: string, commit: string, gate = gates): Promise<readonly string[]> {
  const publication = {
    schema: 'fairlead/publication/1',
    format: 'zip',
    application: 'shop',
    commit,
    sha256: 'a'.repeat(64),
    contentDigest: 'c'.repeat(64),
    sizeBytes: 1,
    location: { kind: 's3', bucket: 'artifacts', key: 'k.zip' },
    alreadyPublished: true,
  } as const
  const store = folderStore(temporaryFolder())
  const findings = await checkPromotable(releaseOf(publication, repository), { store, gates: gate })
  return findings.map(({ code }) => code)
}

/** main: one, two; side: one, three. */
function makeRepository() {
  const repository = createRepository(join(temporaryFolder(), 'shop'))
  const one = repository.commit({ 'index.js': 'one' })
  const two = repository.commit({ 'index.js': 'two' })
  repository.git('checkout', '--quiet', '-b', 'side', one)
  const three = repository.commit({ 'index.js': 'three' })
  return { repository, one, two, three }
}

function cloneOf(source: string, ...options: readonly string[]): string {
  const path = join(temporaryFolder(), 'clone')
  execFileSync('git', ['clone', '--quiet', ...options, pathToFileURL(source).href, path])
  return path
}

describe('the gate onBranch', () => {
  test('says what it asks', () => {
    expect(onBranch('release/1').name).toBe('on branch release/1')
  })

  test('passes the tip of the branch and what is behind it', async () => {
    const { repository, one, two } = makeRepository()
    expect(await check(repository.path, one)).toEqual([])
    expect(await check(repository.path, two)).toEqual([])
  })

  test('refuses a commit of another branch: NOT_ON_BRANCH', async () => {
    const { repository, three } = makeRepository()
    expect(await check(repository.path, three)).toEqual(['NOT_ON_BRANCH'])
    expect(await check(repository.path, three, [onBranch('side')])).toEqual([])
  })

  test('refuses a commit that a rebase left behind', async () => {
    const { repository, one, two } = makeRepository()
    repository.git('branch', '--force', 'main', one)
    expect(await check(repository.path, two)).toEqual(['NOT_ON_BRANCH'])
  })

  test('goes by the branch of origin, and not by a local one of that name', async () => {
    const { repository, one, two } = makeRepository()
    const clone = cloneOf(repository.path, '--branch', 'main')
    execFileSync('git', ['reset', '--quiet', '--hard', one], { cwd: clone })
    expect(await check(clone, two)).toEqual([])
    execFileSync('git', ['commit', '--quiet', '--allow-empty', '--message', 'local'], {
      cwd: clone,
      env: {
        ...process.env,
        GIT_AUTHOR_NAME: 'x',
        GIT_AUTHOR_EMAIL: 'x@x',
        GIT_COMMITTER_NAME: 'x',
        GIT_COMMITTER_EMAIL: 'x@x',
      },
    })
    const local = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: clone, encoding: 'utf8' }).trim()
    expect(await check(clone, local)).toEqual(['NOT_ON_BRANCH'])
  })

  test('does not take a tag for a branch', async () => {
    const { repository, two } = makeRepository()
    repository.git('tag', 'release', two)
    expect(await check(repository.path, two, [onBranch('release')])).toEqual(['BRANCH_NOT_FOUND'])
  })

  test('refuses where the branch or the commit is not there: BRANCH_NOT_FOUND, COMMIT_NOT_FOUND', async () => {
    const { repository, two } = makeRepository()
    expect(await check(repository.path, two, [onBranch('trunk')])).toEqual(['BRANCH_NOT_FOUND'])
    expect(await check(repository.path, 'f'.repeat(40))).toEqual(['COMMIT_NOT_FOUND'])
  })

  test('does not know in a shallow clone, and that refuses: HISTORY_CUT_OFF', async () => {
    const { repository, one, two } = makeRepository()
    const clone = cloneOf(repository.path, '--depth', '1', '--branch', 'main')
    expect(await check(clone, two)).toEqual([])
    expect(await check(clone, one)).toEqual(['HISTORY_CUT_OFF'])
    // The commit is there, and the way to it is not.
    execFileSync('git', ['fetch', '--quiet', '--depth', '1', 'origin', one], { cwd: clone })
    expect(await check(clone, one)).toEqual(['HISTORY_CUT_OFF'])
    execFileSync('git', ['fetch', '--quiet', '--unshallow'], { cwd: clone })
    expect(await check(clone, one)).toEqual([])
  })

  test('is not deceived by commits that the repository puts in the place of others', async () => {
    const { repository, two, three } = makeRepository()
    repository.git('replace', '--graft', two, three)
    expect(await check(repository.path, three)).toEqual(['NOT_ON_BRANCH'])
  })

  test.each(['https://git.example.com/shop.git', 'git@git.example.com:shop.git', '/srv/no/such/clone'])(
    'needs a clone on this machine, which %s is not: NO_CLONE',
    async (repository) => {
      expect(await check(repository, 'f'.repeat(40))).toEqual(['NO_CLONE'])
    },
  )

  test.each(['--all', 'main^', 'a..b', '', undefined])('refuses %j as a branch: BRANCH_NAME_INVALID', (branch) => {
    expect(() => onBranch(branch as never)).toThrow(expect.objectContaining({ code: 'BRANCH_NAME_INVALID' }))
  })
})
