import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { artifactKey, commitRecordKey, parseRelease, type ArtifactStore, type CommitRecord } from '@fairlead/core'
import { folderStore } from '@fairlead/s3-publisher'
import { canary, createRepository, temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test, vi } from 'vitest'
import { resolveRelease, type ReleaseEvent } from '../src/index.ts'
import { serveRepository } from './git-server.ts'
import { publish } from './publishing.ts'

/** A repository with one published commit, and a store that has it. */
async function makeShop() {
  const repository = createRepository(join(temporaryFolder(), 'shop'))
  const commit = repository.commit({ 'index.js': 'one' })
  const root = temporaryFolder()
  const store = folderStore(root)
  const publication = await publish(store, commit)
  return { repository, commit, store, root, publication }
}

/** Puts text under a key, past the library. */
async function plant(store: ArtifactStore, key: string, text: string) {
  const { createHash } = await import('node:crypto')
  const bytes = Buffer.from(text)
  await store.put(key, {
    sizeBytes: bytes.byteLength,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    open: async function* () {
      yield bytes
    },
  })
}

describe('resolveRelease in a repository of this machine', () => {
  test('leads from a tag to the publication of its commit', async () => {
    const { repository, commit, store, publication } = await makeShop()
    repository.git('tag', 'v1.0.0')
    repository.commit({ 'index.js': 'two' })
    const events: ReleaseEvent[] = []
    const release = await resolveRelease({
      repository: repository.path,
      tag: 'v1.0.0',
      store,
      onEvent: (event) => events.push(event),
    })
    expect(release).toEqual({
      schema: 'fairlead/release/1',
      tag: 'v1.0.0',
      commit,
      repository: repository.path,
      publication: { ...publication, alreadyPublished: true },
    })
    expect(parseRelease(JSON.stringify(release))).toEqual(release)
    expect(events.map(({ type }) => type)).toEqual(['release.tag-resolved', 'release.publication-found'])
  })

  test('peels annotated tags', async () => {
    const { repository, commit, store } = await makeShop()
    repository.git('tag', '--annotate', '--message', 'the first', 'v1.0.0')
    expect(await resolveRelease({ repository: repository.path, tag: 'v1.0.0', store })).toMatchObject({ commit })
  })

  test('peels tags of tags', async () => {
    const { repository, commit, store } = await makeShop()
    repository.git('tag', '--annotate', '--message', 'inner', 'inner')
    repository.git('tag', '--annotate', '--message', 'middle', 'middle', 'inner')
    repository.git('tag', '--annotate', '--message', 'outer', 'v1.0.0', 'middle')
    expect(await resolveRelease({ repository: repository.path, tag: 'v1.0.0', store })).toMatchObject({ commit })
  })

  test.each(['packed', 'loose'])('finds %s tags', async (form) => {
    const { repository, commit, store } = await makeShop()
    repository.git('tag', '--annotate', '--message', 'x', 'releases/v1')
    if (form === 'packed') repository.git('pack-refs', '--all')
    expect(await resolveRelease({ repository: repository.path, tag: 'releases/v1', store })).toMatchObject({ commit })
  })

  test('takes the tag where a branch and a commit have the same name', async () => {
    const { repository, commit, store } = await makeShop()
    const other = repository.commit({ 'index.js': 'two' })
    repository.git('branch', 'v1', other)
    repository.git('tag', 'v1', commit)
    repository.git('tag', other.slice(0, 7), commit)
    for (const tag of ['v1', other.slice(0, 7)]) {
      expect(await resolveRelease({ repository: repository.path, tag, store })).toMatchObject({ commit })
    }
  })

  test.each(['a bare repository', 'a file:// address', 'a relative path', 'a folder inside of a clone'])(
    'takes %s',
    async (form) => {
      const { repository, commit, store } = await makeShop()
      repository.git('tag', 'v1')
      const bare = join(temporaryFolder(), 'shop.git')
      execFileSync('git', ['clone', '--quiet', '--bare', repository.path, bare])
      mkdirSync(join(repository.path, 'sub'))
      const address = {
        'a bare repository': bare,
        'a file:// address': pathToFileURL(bare).href,
        'a relative path': join('..', '..', '..', '..', '..', '..', '..', '..', bare),
        'a folder inside of a clone': join(repository.path, 'sub'),
      }[form]
      const release = await resolveRelease({ repository: String(address), tag: 'v1', store })
      expect(release.commit).toBe(commit)
    },
  )

  test('reads tags and objects as they are, whatever the repository puts in their place', async () => {
    const { repository, commit, store } = await makeShop()
    repository.git('tag', '--annotate', '--message', 'x', 'v1')
    const other = repository.commit({ 'index.js': 'two' })
    repository.git('tag', '--annotate', '--message', 'x', 'evil', other)
    repository.git('replace', 'refs/tags/v1', 'refs/tags/evil')
    expect(await resolveRelease({ repository: repository.path, tag: 'v1', store })).toMatchObject({ commit })
  })

  test('runs no program that the repository names', async () => {
    const { repository, store } = await makeShop()
    repository.git('tag', 'v1')
    const mark = join(temporaryFolder(), 'ran')
    const program = join(repository.path, 'program.sh')
    writeFileSync(program, `#!/bin/sh\ntouch ${mark}\n`)
    chmodSync(program, 0o755)
    for (const key of ['core.fsmonitor', 'core.sshCommand', 'core.pager', 'core.editor', 'core.askPass']) {
      repository.git('config', key, program)
    }
    await resolveRelease({ repository: repository.path, tag: 'v1', store })
    expect(existsSync(mark)).toBe(false)
  })
})

describe('resolveRelease at a remote', () => {
  test('leads from a tag to the publication of its commit, annotated or not', async () => {
    const { repository, commit, store } = await makeShop()
    repository.git('tag', 'light')
    repository.git('tag', '--annotate', '--message', 'x', 'inner')
    repository.git('tag', '--annotate', '--message', 'x', 'outer', 'inner')
    const { url } = await serveRepository(repository.path)
    for (const tag of ['light', 'inner', 'outer']) {
      expect(await resolveRelease({ repository: url, tag, store })).toMatchObject({ commit, repository: url })
    }
  })

  test('does not take a tag whose name only ends like the one that was asked for', async () => {
    const { repository, store } = await makeShop()
    repository.git('tag', 'foo/refs/tags/v1')
    const { url } = await serveRepository(repository.path)
    await expect(resolveRelease({ repository: url, tag: 'v1', store })).rejects.toMatchObject({ code: 'TAG_NOT_FOUND' })
  })

  test('sees where a tag was moved to, which an old clone does not', async () => {
    const { repository, commit, store } = await makeShop()
    repository.git('tag', 'v1')
    const clone = join(temporaryFolder(), 'clone')
    execFileSync('git', ['clone', '--quiet', repository.path, clone])
    const moved = repository.commit({ 'index.js': 'two' })
    await publish(store, moved)
    repository.git('tag', '--force', 'v1')
    const { url } = await serveRepository(repository.path)
    expect(await resolveRelease({ repository: url, tag: 'v1', store })).toMatchObject({ commit: moved })
    expect(await resolveRelease({ repository: clone, tag: 'v1', store })).toMatchObject({ commit })
  })

  test('uses the password of the address and shows it nowhere', async () => {
    const { repository, commit, store } = await makeShop()
    repository.git('tag', 'v1')
    const secret = canary()
    const { url } = await serveRepository(repository.path, { password: secret.value })
    const withPassword = url.replace('://', `://ci:${encodeURIComponent(secret.value)}@`)
    const shown: string[] = []
    const options = { store, onEvent: (event: ReleaseEvent) => void shown.push(JSON.stringify(event)) }
    const release = await resolveRelease({ ...options, repository: withPassword, tag: 'v1' })
    expect(release).toMatchObject({ commit, repository: url })
    shown.push(JSON.stringify(release))
    for (const repository of [
      `${withPassword}-nothing-here`,
      withPassword.replace(/:\d+\//, ':1/'),
      `${withPassword}wrong`,
    ]) {
      const error: unknown = await resolveRelease({ ...options, repository, tag: 'v1' }).catch((error) => error)
      shown.push(inspect(error, { depth: 9 }), JSON.stringify(error))
    }
    const none = await resolveRelease({ ...options, repository: withPassword, tag: 'v2' }).catch((error) => error)
    shown.push(inspect(none, { depth: 9 }))
    expect(shown.length).toBeGreaterThan(8)
    for (const text of shown) {
      expect(secret.leaksInto(text)).toBe(false)
      expect(secret.leaksInto(decodeURIComponent(text.replaceAll(/%(?![0-9A-F]{2})/g, '')))).toBe(false)
    }
  })

  test('takes no configuration from the folder that it is called in', async () => {
    const { repository, commit, store } = await makeShop()
    repository.git('tag', 'v1')
    const { url } = await serveRepository(repository.path)
    const here = createRepository(temporaryFolder())
    here.git('config', 'url.http://127.0.0.1:1/.insteadOf', 'http://127.0.0.1')
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(here.path)
    try {
      expect(await resolveRelease({ repository: url, tag: 'v1', store })).toMatchObject({ commit })
    } finally {
      cwd.mockRestore()
    }
  })
})

describe('resolveRelease refuses', () => {
  test.each(['--upload-pack=touch x', 'v1..2', 'v1^{}', 'a b', ''])('%j as a tag: TAG_NAME_INVALID', async (tag) => {
    const { repository, store } = await makeShop()
    await expect(resolveRelease({ repository: repository.path, tag, store })).rejects.toMatchObject({
      code: 'TAG_NAME_INVALID',
    })
  })

  test.each(['--upload-pack=touch x', 'ext::sh -c "touch x"', 'ftp://example.com/x', ''])(
    '%j as a repository: REPOSITORY_ADDRESS_INVALID',
    async (repository) => {
      const store = folderStore(temporaryFolder())
      await expect(resolveRelease({ repository, tag: 'v1', store })).rejects.toMatchObject({
        code: 'REPOSITORY_ADDRESS_INVALID',
      })
    },
  )

  test('a folder that is no repository, and one that is not there: REPOSITORY_NOT_FOUND', async () => {
    const store = folderStore(temporaryFolder())
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    for (const repository of [folder, join(folder, 'none'), join(folder, 'file')]) {
      await expect(resolveRelease({ repository, tag: 'v1', store })).rejects.toMatchObject({
        code: 'REPOSITORY_NOT_FOUND',
        context: { repository },
      })
    }
  })

  test('a remote that does not have the repository: REPOSITORY_NOT_FOUND', async () => {
    const { repository, store } = await makeShop()
    const { url } = await serveRepository(repository.path)
    await expect(resolveRelease({ repository: `${url}-none`, tag: 'v1', store })).rejects.toMatchObject({
      code: 'REPOSITORY_NOT_FOUND',
    })
  })

  test('a remote that does not answer, or wants a password: REPOSITORY_UNREACHABLE', async () => {
    const { repository, store } = await makeShop()
    const { url } = await serveRepository(repository.path, { password: 'x' })
    for (const address of ['http://127.0.0.1:1/shop', url]) {
      await expect(resolveRelease({ repository: address, tag: 'v1', store })).rejects.toMatchObject({
        code: 'REPOSITORY_UNREACHABLE',
        retryable: true,
        context: { repository: address },
      })
    }
  })

  test('a tag that is not there, naming the nearest: TAG_NOT_FOUND', async () => {
    const { repository, store } = await makeShop()
    repository.git('tag', 'v1.0.0')
    repository.git('branch', 'v1.0.1')
    await expect(resolveRelease({ repository: repository.path, tag: 'v1.0.1', store })).rejects.toMatchObject({
      code: 'TAG_NOT_FOUND',
      hint: expect.stringContaining('v1.0.0'),
    })
  })

  test('a branch or a tag whose long name begins like the tag: TAG_NOT_FOUND', async () => {
    const { repository, store } = await makeShop()
    repository.git('update-ref', 'refs/heads/refs/tags/v1', 'HEAD')
    repository.git('tag', 'v2/rc')
    for (const tag of ['v1', 'v2']) {
      await expect(resolveRelease({ repository: repository.path, tag, store })).rejects.toMatchObject({
        code: 'TAG_NOT_FOUND',
      })
    }
  })

  test.each([
    ['tree', (git: (...args: string[]) => string) => git('tag', 'v1', 'HEAD^{tree}')],
    ['blob', (git: (...args: string[]) => string) => git('tag', 'v1', 'HEAD:index.js')],
    ['tree', (git: (...args: string[]) => string) => git('tag', '-a', '-m', 'x', 'v1', 'HEAD^{tree}')],
  ])('a tag to a %s: TAG_NOT_A_COMMIT', async (type, make) => {
    const { repository, store } = await makeShop()
    make(repository.git)
    await expect(resolveRelease({ repository: repository.path, tag: 'v1', store })).rejects.toMatchObject({
      code: 'TAG_NOT_A_COMMIT',
      context: { type },
    })
  })

  test('a tag object under another name than its own: TAG_NAME_DIFFERS', async () => {
    const { repository, store } = await makeShop()
    repository.git('tag', '--annotate', '--message', 'x', 'v1')
    repository.git('update-ref', 'refs/tags/v2', 'refs/tags/v1')
    await expect(resolveRelease({ repository: repository.path, tag: 'v2', store })).rejects.toMatchObject({
      code: 'TAG_NAME_DIFFERS',
      context: { ownName: 'v1' },
    })
  })

  test('a commit that was never published: RELEASE_NOT_BUILT', async () => {
    const { repository, store } = await makeShop()
    const commit = repository.commit({ 'index.js': 'two' })
    repository.git('tag', 'v2')
    await expect(resolveRelease({ repository: repository.path, tag: 'v2', store })).rejects.toMatchObject({
      code: 'RELEASE_NOT_BUILT',
      context: { tag: 'v2', commit, store: store.url },
      hint: expect.stringContaining('merge pipeline'),
    })
  })

  test('a record that is no record, or that of another commit: INVALID_RECORD', async () => {
    const { repository, store, publication } = await makeShop()
    const two = repository.commit({ 'index.js': 'two' })
    repository.git('tag', 'v2')
    await plant(store, commitRecordKey(two), '{}')
    await expect(resolveRelease({ repository: repository.path, tag: 'v2', store })).rejects.toMatchObject({
      code: 'INVALID_RECORD',
    })
    const three = repository.commit({ 'index.js': 'three' })
    repository.git('tag', 'v3')
    const { alreadyPublished: _already, ...facts } = publication
    const record: CommitRecord = { ...facts, schema: 'fairlead/commit/1', recordedAt: '2026-01-01T00:00:00Z' }
    await plant(store, commitRecordKey(three), JSON.stringify(record))
    await expect(resolveRelease({ repository: repository.path, tag: 'v3', store })).rejects.toMatchObject({
      code: 'INVALID_RECORD',
      context: { path: 'commit', expected: three },
    })
  })

  test('a publication whose bytes are gone: RELEASE_BYTES_MISSING', async () => {
    const { repository, commit, store, publication } = await makeShop()
    repository.git('tag', 'v1')
    await store.delete(artifactKey(publication))
    await expect(resolveRelease({ repository: repository.path, tag: 'v1', store })).rejects.toMatchObject({
      code: 'RELEASE_BYTES_MISSING',
      context: { commit },
    })
  })

  test.each(['other bytes!', 'x'])('a publication whose bytes are now %j: RELEASE_BYTES_DIFFER', async (bytes) => {
    const { repository, store, root, publication } = await makeShop()
    repository.git('tag', 'v1')
    const file = join(root, artifactKey(publication))
    chmodSync(file, 0o644)
    writeFileSync(file, bytes.padEnd(bytes.length > 1 ? publication.sizeBytes : 1))
    await expect(resolveRelease({ repository: repository.path, tag: 'v1', store })).rejects.toMatchObject({
      code: 'RELEASE_BYTES_DIFFER',
    })
  })

  test('a store that cannot be asked, which is no "not built"', async () => {
    const { repository } = await makeShop()
    repository.git('tag', 'v1')
    const store = folderStore(join(temporaryFolder(), 'not-mounted'))
    await expect(resolveRelease({ repository: repository.path, tag: 'v1', store })).rejects.toMatchObject({
      code: 'FOLDER_STORE_NOT_FOUND',
    })
  })

  test('no git on the PATH: GIT_MISSING', async () => {
    const { repository, store } = await makeShop()
    vi.stubEnv('PATH', temporaryFolder())
    try {
      await expect(resolveRelease({ repository: repository.path, tag: 'v1', store })).rejects.toMatchObject({
        code: 'GIT_MISSING',
      })
    } finally {
      vi.unstubAllEnvs()
    }
  })

  test('no store, and an option that it does not have: INVALID_OPTION, UNKNOWN_OPTION', async () => {
    await expect(resolveRelease({ repository: '.', tag: 'v1' } as never)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
    await expect(resolveRelease({ repository: '.', tags: 'v1' } as never)).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
      context: { nearest: 'tag' },
    })
  })

  test('to go on when it is cancelled, with the reason itself', async () => {
    const { repository, store } = await makeShop()
    repository.git('tag', 'v1')
    const reason = { because: 'enough' }
    await expect(
      resolveRelease({ repository: repository.path, tag: 'v1', store, signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason)
    const stop = new AbortController()
    const onEvent = () => stop.abort(reason)
    await expect(
      resolveRelease({ repository: repository.path, tag: 'v1', store, signal: stop.signal, onEvent }),
    ).rejects.toBe(reason)
  })
})
