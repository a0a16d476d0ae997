import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createRepository, temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { buildArtifact } from '../src/index.ts'
import { shopFiles } from './support/shop.ts'

const run = promisify(execFile)
const child = join(import.meta.dirname, 'support/build-in-child.mjs')

/** What a build made: files of one piece and of several, in an order that no file system has. */
const built: readonly (readonly [string, string])[] = [
  ...Array.from({ length: 20 }, (_, index) => [`dist/chunk-${index * 7919}.js`, `chunk ${index}\n`] as const),
  ['dist/vendor.js', Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`).join('')],
  ['dist/ü.js', 'x'],
]

interface Circumstances {
  readonly folder?: string
  readonly order?: (files: readonly (readonly [string, string])[]) => readonly (readonly [string, string])[]
  readonly change?: (root: string) => void
  readonly environment?: Readonly<Record<string, string>>
  readonly umask?: string
}

/** Makes the same tree in some circumstances, and builds it in a process that has them too. */
async function build({ folder = 'checkout', order, change, environment, umask = '022' }: Circumstances) {
  const root = join(temporaryFolder(), folder)
  createRepository(root).commit(shopFiles)
  for (const [name, text] of order ? order(built) : built) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  mkdirSync(join(root, 'dist/empty'))
  change?.(root)
  const output = join(root, '../out/shop.zip')
  const options = JSON.stringify({ root, include: ['**'], output })
  await run('sh', ['-c', `umask ${umask} && exec "$@"`, 'sh', process.execPath, child, options], {
    env: { ...process.env, ...environment },
  })
  return readFileSync(output)
}

const circumstances: Readonly<Record<string, Circumstances>> = {
  'other times of the files': {
    change: (root) => {
      for (const [name] of built) utimesSync(join(root, name), 1_000_000_000, 2_000_000_000)
      utimesSync(join(root, 'appspec.yml'), 0, 0)
    },
  },
  'a umask that leaves nothing to others, when the files and when the zip are written': {
    umask: '077',
    change: (root) => {
      for (const name of ['src/main.js', 'package.json', 'dist/vendor.js']) chmodSync(join(root, name), 0o600)
      chmodSync(join(root, 'hooks/after-install.sh'), 0o700)
      chmodSync(join(root, 'dist'), 0o700)
    },
  },
  'bits for the group': {
    change: (root) => {
      chmodSync(join(root, 'src/main.js'), 0o664)
      chmodSync(join(root, 'hooks/after-install.sh'), 0o775)
      chmodSync(join(root, 'dist/empty'), 0o2775)
    },
  },
  'files that were made in the reverse order': { order: (files) => files.toReversed() },
  'a time zone that is ahead by fourteen hours': { environment: { TZ: 'Pacific/Kiritimati' } },
  'a time zone that is behind, with another locale': {
    environment: { TZ: 'America/Anchorage', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
  },
  'another name of the folder': { folder: 'workspace@2' },
  'one thread for files and compression': { environment: { UV_THREADPOOL_SIZE: '1' } },
}

test('the same files give the same bytes in whatever circumstances they are built', async () => {
  const reference = await build({})
  for (const [name, one] of Object.entries(circumstances)) {
    expect((await build(one)).equals(reference), name).toBe(true)
  }
})

test('the digest of the content is the same for another commit of the same tree, the bytes are not', async () => {
  const folder = temporaryFolder()
  const repository = createRepository(join(folder, 'checkout'))
  const options = { root: repository.path, include: ['**'], output: join(folder, 'shop.zip') }
  const firstCommit = repository.commit(shopFiles)
  const first = await buildArtifact(options)
  const secondCommit = repository.commit({}, 'nothing but a message')
  const second = await buildArtifact(options)
  expect([first.commit, second.commit]).toEqual([firstCommit, secondCommit])
  expect(second.contentDigest).toBe(first.contentDigest)
  expect(second.sha256).not.toBe(first.sha256)
})
