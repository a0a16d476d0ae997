import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { buildArtifact, readArtifact } from '../src/index.ts'
import { letters } from './support/made-up-secrets.ts'
import { createShop, type Shop } from './support/shop.ts'

const run = promisify(execFile)
const child = join(import.meta.dirname, 'support/build-in-child.mjs')

function left(shop: Shop): readonly string[] {
  const folder = dirname(shop.output)
  return existsSync(folder) ? readdirSync(folder) : []
}

const killPoints: readonly (readonly [string, number])[] = [
  ['artifact.planned', 1],
  ['artifact.progress', 1],
  ['artifact.written', 1],
]

test('killed at any point, a build leaves the artifact before or the new one, and the next build clears up', async () => {
  const shop = createShop({ 'built.js': '' })
  const { root, include, output } = shop.options()
  let before = await buildArtifact(shop.options())
  for (const [index, [event, nth]] of killPoints.entries()) {
    shop.repository.commit({ 'built.js': letters(600_000 + index) })
    const options = JSON.stringify({ root, include, output })
    await expect(run(process.execPath, [child, options, event, String(nth)])).rejects.toMatchObject({
      signal: 'SIGKILL',
    })
    const { artifact } = await readArtifact(output)
    const leftovers = left(shop).filter((name) => name.endsWith('.tmp'))
    expect(leftovers).toHaveLength(event === 'artifact.planned' || event === 'artifact.written' ? 0 : 1)

    shop.events.length = 0
    const after = await buildArtifact(shop.options())
    expect(after.sha256).not.toBe(before.sha256)
    expect(artifact).toEqual(event === 'artifact.written' ? after : before)
    expect(left(shop)).toEqual(['shop.zip'])
    expect(shop.events.filter(({ type }) => type === 'artifact.leftover-removed')).toHaveLength(leftovers.length)
    before = after
  }
})

test('killed at any moment, a build leaves the artifact before or the new one under its name', async () => {
  const shop = createShop()
  const { root, include, output } = shop.options()
  const before = await buildArtifact(shop.options())
  for (let index = 0; index < 40; index++) writeFileSync(join(root, `built-${index}.js`), letters(200_000))
  const after = await buildArtifact(shop.options({ output: join(dirname(output), 'other.zip') }))
  const options = JSON.stringify({ root, include, output })
  for (let delayMs = 100; delayMs <= 1000; delayMs += 100) {
    // SIGKILL, which nobody can prepare for; a build that was faster ends by itself.
    await run(process.execPath, [child, options], { timeout: delayMs, killSignal: 'SIGKILL' }).catch(() => undefined)
    const { artifact } = await readArtifact(output)
    expect([before.sha256, after.sha256]).toContain(artifact.sha256)
  }
  await expect(buildArtifact(shop.options())).resolves.toMatchObject({ sha256: after.sha256 })
  expect(left(shop)).toEqual(['other.zip', 'shop.zip'])
})

test('what a live build writes, and what others wrote, is not cleared up', async () => {
  const shop = createShop()
  mkdirSync(dirname(shop.output))
  const others = [
    `.shop.zip.${process.ppid}.0123456789ab.tmp`,
    `.shop.zip.${process.pid}.0123456789ab.tmp`,
    '.shop.zip.0123456789ab.tmp',
    '.other.zip.99999999.0123456789ab.tmp',
    '.shop.zip.99999999.0123456789ab.tmp.keep',
    'shop.zip.tmp',
  ]
  for (const name of others) writeFileSync(join(dirname(shop.output), name), 'x')
  writeFileSync(join(dirname(shop.output), '.shop.zip.99999999.0123456789ab.tmp'), 'x')
  await buildArtifact(shop.options())
  expect(left(shop)).toEqual([...others, 'shop.zip'].sort())
})

test('two builds of one output at the same time both succeed', async () => {
  const shop = createShop()
  const [first, second] = await Promise.all([buildArtifact(shop.options()), buildArtifact(shop.options())])
  expect(first).toEqual(second)
  await expect(readArtifact(shop.output)).resolves.toMatchObject({ artifact: first })
  expect(left(shop)).toEqual(['shop.zip'])
})

test.each(killPoints)(
  'cancelled after %s (%i), a build rejects with the very reason and leaves nothing',
  async (event, nth) => {
    const shop = createShop({ 'built.js': letters(600_000) })
    const controller = new AbortController()
    const reason = new Error('enough')
    let seen = 0
    const options = shop.options({
      signal: controller.signal,
      onEvent: ({ type }) => {
        if (type === event && ++seen === nth) controller.abort(reason)
      },
    })
    if (event === 'artifact.written') {
      await expect(buildArtifact(options)).resolves.toMatchObject({ path: shop.output })
      return
    }
    await expect(buildArtifact(options)).rejects.toBe(reason)
    expect(left(shop)).toEqual([])
  },
)

test('cancelled before it begins, a build does nothing', async () => {
  const shop = createShop()
  const reason = { why: 'any value' }
  await expect(buildArtifact(shop.options({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason)
  expect(shop.events).toEqual([])
})

interface Change {
  readonly path: string
  readonly change: string
  readonly act: (place: string) => void
}

/** Of more than one piece. */
const big = letters(5_000_000)
const changes: Readonly<Record<string, Change>> = {
  vanishes: { path: 'src/main.js', change: 'vanished', act: unlinkSync },
  grows: {
    path: 'src/main.js',
    change: 'grew',
    act: (place) => writeFileSync(place, `${readFileSync(place, 'utf8')}x`),
  },
  shrinks: { path: 'src/main.js', change: 'shrank', act: (place) => writeFileSync(place, 'x') },
  'gets other bytes of the same number': {
    path: 'src/main.js',
    change: 'changed',
    act: (place) => writeFileSync(place, 'console.log("shoq")\n'),
  },
  'becomes executable': { path: 'src/main.js', change: 'changed its mode', act: (place) => chmodSync(place, 0o755) },
  'becomes a link': {
    path: 'src/main.js',
    change: 'changed its type',
    act: (place) => {
      unlinkSync(place)
      symlinkSync('/etc/hostname', place)
    },
  },
  'becomes a folder': {
    path: 'src/main.js',
    change: 'changed its type',
    act: (place) => {
      unlinkSync(place)
      mkdirSync(place)
    },
  },
  'of several pieces vanishes': { path: 'z-big.bin', change: 'vanished', act: unlinkSync },
  'of several pieces changes at its end': {
    path: 'z-big.bin',
    change: 'changed',
    act: (place) => writeFileSync(place, `${big.slice(0, -1)}-`),
  },
  'of several pieces grows': { path: 'z-big.bin', change: 'grew', act: (place) => writeFileSync(place, `${big}-`) },
}

test.each(Object.entries(changes))(
  'a file that %s after it was listed is an error',
  async (_name, { path, change, act }) => {
    const shop = createShop({ 'z-big.bin': big })
    const onEvent = ({ type }: { readonly type: string }) => {
      if (type === 'artifact.planned') act(join(shop.repository.path, path))
    }
    await expect(buildArtifact(shop.options({ onEvent }))).rejects.toMatchObject({
      code: 'ARTIFACT_FILE_CHANGED',
      context: { path, change },
    })
    expect(left(shop)).toEqual([])
  },
)

test('a file that vanishes after it was listed and before it is read is an error', async () => {
  const shop = createShop()
  const onEvent = ({ type }: { readonly type: string }) => {
    if (type === 'artifact.planned') unlinkSync(join(shop.repository.path, 'src/main.js'))
  }
  await expect(buildArtifact(shop.options({ onEvent }))).rejects.toMatchObject({
    code: 'ARTIFACT_FILE_CHANGED',
    context: { path: 'src/main.js', change: 'vanished' },
  })
})

test('a disk that takes no more is a typed error, and nothing is left', async () => {
  const shop = createShop()
  writeFileSync(join(shop.repository.path, 'built.js'), letters(600_000))
  const { root, include, output } = shop.options()
  // Of 512 bytes each: the limit is reached in the middle of the file.
  const answer = await run('sh', [
    '-c',
    'ulimit -f 400 && exec "$@"',
    'sh',
    process.execPath,
    child,
    JSON.stringify({ root, include, output }),
  ]).catch((error: { readonly stdout: string }) => error)
  expect(JSON.parse(answer.stdout)).toEqual({
    code: 'ARTIFACT_OUTPUT_UNWRITABLE',
    context: { output, reason: 'EFBIG' },
  })
  expect(left(shop)).toEqual([])
})

test('a folder that vanishes while the artifact is written is a typed error', async () => {
  const shop = createShop()
  const onEvent = ({ type }: { readonly type: string }) => {
    if (type === 'artifact.progress') rmSync(dirname(shop.output), { recursive: true, force: true })
  }
  await expect(buildArtifact(shop.options({ onEvent }))).rejects.toMatchObject({
    code: 'ARTIFACT_OUTPUT_UNWRITABLE',
    context: { output: shop.output, reason: 'ENOENT' },
  })
})
