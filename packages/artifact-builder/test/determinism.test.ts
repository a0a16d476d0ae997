import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createRepository, missingTools, temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { buildArtifact } from '../src/index.ts'
import { shopFiles } from './support/shop.ts'

const run = promisify(execFile)
const child = join(import.meta.dirname, 'support/build-in-child.mjs')

type Files = readonly (readonly [path: string, text: string])[]

/** What a build made: so many files that several workers have some, files of several pieces, in no order at all. */
const built: Files = [
  ...Array.from({ length: 500 }, (_, index) => [`dist/chunk-${index * 7919}.js`, `chunk ${index}\n`] as const),
  ['dist/vendor.js', Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`).join('')],
  ['dist/zeros.bin', '\0'.repeat(2_000_000)],
  ['dist/ü.js', 'x'],
  ['dist/Zebra.js', 'x'],
  ['dist/äpfel.js', 'x'],
]

interface Circumstances {
  readonly folder?: string
  readonly order?: (files: Files) => Files
  readonly change?: (root: string) => void
  readonly environment?: Readonly<Record<string, string>>
  readonly umask?: string
  readonly workers?: number
  /** The binary of another Node. */
  readonly node?: string
  /** The number of another user, to whom everything then belongs. */
  readonly user?: number
}

/** Makes the same tree in some circumstances, and builds it in a process that has them too. */
async function build(circumstances: Circumstances) {
  const { folder = 'checkout', order, change, environment, umask = '022', workers, node, user } = circumstances
  const home = temporaryFolder()
  const root = join(home, folder)
  createRepository(root).commit(shopFiles)
  for (const [name, text] of order ? order(built) : built) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  mkdirSync(join(root, 'dist/empty'))
  change?.(root)
  if (user !== undefined) giveTo(user, home)
  const output = join(home, 'out/shop.zip')
  const options = JSON.stringify({ root, include: ['**'], output, workers })
  const asUser = user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups']
  const command = [...asUser, node ?? process.execPath, child, options]
  await run('sh', ['-c', `umask ${umask} && exec "$@"`, 'sh', ...command], {
    env: { ...process.env, HOME: home, ...environment },
  })
  return readFileSync(output)
}

function giveTo(user: number, folder: string): void {
  lchownSync(folder, user, user)
  for (const { parentPath, name } of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    lchownSync(join(parentPath, name), user, user)
  }
}

/** An order that has nothing to do with the names, the same in every run. */
function shuffled(files: Files): Files {
  const keyOf = ([path]: Files[number]) => createHash('sha256').update(path).digest('hex')
  return files.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
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
  'files that were made in no order': { order: shuffled },
  'a time zone that is ahead by fourteen hours': { environment: { TZ: 'Pacific/Kiritimati' } },
  'a time zone that is behind, with another locale': {
    environment: { TZ: 'America/Anchorage', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
  },
  'another name of the folder': { folder: 'workspace@2' },
  'one thread for files and compression': { environment: { UV_THREADPOOL_SIZE: '1' } },
  'no worker': { workers: 0 },
  'one worker': { workers: 1 },
  'two workers': { workers: 2 },
  'four workers': { workers: 4 },
}

/** Built once, by the first test that asks. */
let reference: Promise<Buffer> | undefined
const referenceBytes = () => (reference ??= build({}))

async function expectSameBytes(circumstances: Circumstances): Promise<void> {
  const expected = await referenceBytes()
  expect((await build(circumstances)).equals(expected)).toBe(true)
}

describe('the same files give the same bytes with', () => {
  test.for(Object.entries(circumstances))('%s', async ([, one]) => {
    await expectSameBytes(one)
  })

  test('another user', async (context) => {
    if (process.getuid?.() !== 0 || missingTools('setpriv').length > 0) return context.skip()
    await expectSameBytes({ user: 65534 })
  })

  for (const major of ['20', '22', '24']) {
    const node = nodesByMajor().get(major)
    if (node !== undefined) test(`Node ${major}`, () => expectSameBytes({ node }))
    else if (process.env['FAIRLEAD_REQUIRE_TOOLS']) {
      test(`Node ${major}`, () => {
        throw new Error(`this run may skip nothing, and FAIRLEAD_NODES names no Node ${major}`)
      })
    } else test(`Node ${major} (skipped: FAIRLEAD_NODES names none)`, (context) => context.skip())
  }
})

/** The Node that runs this, and those of FAIRLEAD_NODES: paths of binaries, colons between them. */
function nodesByMajor(): ReadonlyMap<string, string> {
  const others = (process.env['FAIRLEAD_NODES'] ?? '').split(':').filter((path) => path !== '')
  const found = [...others, process.execPath].map((path) => [majorOf(path), path] as const)
  return new Map(found)
}

function majorOf(node: string): string {
  if (!existsSync(node)) throw new Error(`FAIRLEAD_NODES names ${node}, which is not there`)
  return spawnSync(node, ['--print', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' }).stdout.trim()
}

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
