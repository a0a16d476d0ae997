import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { FetchBundle, Host, HostRevision } from '../src/model.ts'
import { runLifecycleEvent } from '../src/run-lifecycle-event.ts'
import { writeBundle, type BundleEntry, type BundleFormat } from './conformance/write-bundle.ts'
import { bundleOf, deploymentRoot, makeDeployment, makeHost, serve } from './support/host.ts'

const formats: BundleFormat[] = ['zip', 'tar', 'tgz']

async function download(
  bundle: BundleEntry[] | Uint8Array | FetchBundle,
  format: BundleFormat,
  { host = makeHost(), revision = {} }: { host?: Host; revision?: Partial<HostRevision> } = {},
) {
  const deployment = makeDeployment({ revision: { bucket: 'b', key: 'k', bundleType: format, ...revision } })
  const fetchBundle = typeof bundle === 'function' ? bundle : serve(bundle, format)
  const result = await runLifecycleEvent(host, { deployment, event: 'DownloadBundle', fetchBundle })
  const own = join(host.folder, deploymentRoot, 'group-1/d-1')
  return { result, own, archive: join(own, 'deployment-archive') }
}

describe.each(formats)('a %s', (format) => {
  test('keeps its bytes, modes, links and empty folders', async () => {
    const big = randomBytes(3_000_000)
    const { result, own, archive } = await download(
      [
        ...bundleOf(''),
        { path: 'bin/run', content: 'x', mode: 0o755 },
        { path: 'secret', content: 'y', mode: 0o600 },
        { path: 'link', symlink: 'bin/run' },
        { path: 'dangling', symlink: '/no/such/file' },
        { path: 'empty', dir: true, mode: 0o700 },
        { path: 'big', content: big },
      ],
      format,
    )
    expect(result).toMatchObject({ status: 'Succeeded', noop: false })
    const modeOf = (name: string) => (lstatSync(join(archive, name)).mode & 0o777).toString(8)
    expect(['bin/run', 'secret', 'empty'].map(modeOf)).toEqual(['755', '600', '700'])
    expect(readlinkSync(join(archive, 'link'))).toBe('bin/run')
    expect(readlinkSync(join(archive, 'dangling'))).toBe('/no/such/file')
    expect(readFileSync(join(archive, 'big')).equals(big)).toBe(true)
    expect(readdirSync(own).sort()).toEqual(['bundle.tar', 'deployment-archive'])
  })

  test.each<[string, BundleEntry[]]>([
    ['an entry that climbs out', [{ path: '../escape', content: 'evil' }]],
    ['an entry that climbs out on the way', [{ path: 'a/../../escape', content: 'evil' }]],
    ['an absolute entry', [{ path: '/escape', content: 'evil' }]],
    [
      'a file through its own link',
      [
        { path: 'out', symlink: '..' },
        { path: 'out/escape', content: 'evil' },
      ],
    ],
    [
      'a folder through its own link',
      [
        { path: 'out', symlink: '..' },
        { path: 'out/escape', dir: true },
      ],
    ],
    [
      'a folder in place of its own link',
      [
        { path: 'out', symlink: '..' },
        { path: 'out', dir: true },
      ],
    ],
  ])('with %s is refused, and nothing is outside of the archive', async (_name, entries) => {
    const { result, own } = await download([...bundleOf(''), ...entries], format)
    expect(result).toMatchObject({ status: 'Failed', code: 'UnknownError' })
    expect(readdirSync(own).sort()).toEqual(['bundle.tar', 'deployment-archive'])
    expect(existsSync(join(own, '..', 'escape'))).toBe(false)
  })

  test('with a name twice holds the second; a link is replaced, not written through', async () => {
    const { result, archive } = await download(
      [
        { path: 'a', content: 'one' },
        { path: 'a', content: 'two' },
        { path: 'l', symlink: 'a' },
        { path: 'l', content: 'three' },
      ],
      format,
    )
    expect(result.status).toBe('Succeeded')
    expect(['a', 'l'].map((name) => readFileSync(join(archive, name), 'utf8'))).toEqual(['two', 'three'])
    expect(lstatSync(join(archive, 'l')).isSymbolicLink()).toBe(false)
  })

  test('that is cut off at any of many places fails the event, and the next download works', async () => {
    const whole = writeBundle([...bundleOf(''), { path: 'data', content: randomBytes(5000) }], format)
    const host = makeHost()
    // The end of a tar is padding: what is cut from that alone is not missed by anybody.
    const end = format === 'tar' ? whole.length - 1024 - 200 : whole.length - 10
    for (let length = 0; length < end; length += Math.ceil(end / 25)) {
      const { result } = await download(whole.subarray(0, length), format, { host })
      expect(`${length}: ${result.status} ${result.code}`).toBe(`${length}: Failed UnknownError`)
    }
    expect((await download(whole, format, { host })).result.status).toBe('Succeeded')
  })
})

test('a zip whose content does not match its CRC is refused', async () => {
  const bytes = writeBundle([{ path: 'a', content: 'hello world' }], 'zip')
  bytes[bytes.indexOf('hello')] = 0x48
  expect((await download(bytes, 'zip')).result.message).toMatch(/content of a does not match its CRC/)
})

test('gzip that is damaged is refused', async () => {
  const bytes = gzipSync(writeBundle([{ path: 'a', content: randomBytes(10_000) }], 'tar'))
  bytes.fill(0xff, 5000, 5010)
  expect((await download(bytes, 'tgz')).result).toMatchObject({
    status: 'Failed',
    message: 'Error extracting tar archive: 2',
  })
})

describe('the ETag', () => {
  test.each<[string, string | undefined, string | undefined, string]>([
    ['is not asked for', undefined, '"abc"', 'Succeeded'],
    ['is the same', '"abc"', '"abc"', 'Succeeded'],
    ['is the same but for quotes', 'abc', '"abc"', 'Succeeded'],
    ['is another', '"abd"', '"abc"', 'Failed'],
    ['is missing', '"abc"', undefined, 'Failed'],
    ['is empty and another is served', '', '"abc"', 'Failed'],
  ])('%s', async (_name, expected, served, status) => {
    const bundle = writeBundle(bundleOf(''), 'zip')
    const fetchBundle: FetchBundle = async () => ({ eTag: served, body: (await serve(bundle)({} as never, {})).body })
    const { result, own } = await download(fetchBundle, 'zip', { revision: { eTag: expected } })
    expect(result.status).toBe(status)
    // It is looked at when the bundle is there, and nothing of it is unpacked.
    expect(existsSync(join(own, 'bundle.tar'))).toBe(true)
    expect(existsSync(join(own, 'deployment-archive'))).toBe(status === 'Succeeded')
  })
})

describe('a source that fails', () => {
  test('fails the event with its words', async () => {
    const { result } = await download(() => Promise.reject(new Error('S3 says no')), 'zip')
    expect(result).toMatchObject({ status: 'Failed', code: 'UnknownError', message: 'S3 says no' })
  })

  test('half-way leaves what came of the bundle, unpacks nothing, and the old release stays the last successful one', async () => {
    const fetchBundle: FetchBundle = () =>
      Promise.resolve({
        eTag: undefined,
        body: (async function* () {
          yield Buffer.from('PK')
          await Promise.resolve()
          throw new Error('connection reset')
        })(),
      })
    const { result, own } = await download(fetchBundle, 'zip')
    expect(result.message).toBe('connection reset')
    expect(readdirSync(own)).toEqual(['bundle.tar'])
  })
})
