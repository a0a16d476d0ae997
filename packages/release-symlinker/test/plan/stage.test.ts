import { isDeployError, type ManifestEntry } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { planContents } from '../../src/plan/stage.ts'

const digest = 'a'.repeat(64)
const file = (path: string, sizeBytes = 10): ManifestEntry => ({
  path,
  type: 'file',
  mode: '0640',
  sizeBytes,
  sha256: digest,
})
const folder = (path: string, mode = '0750'): ManifestEntry => ({ path, type: 'directory', mode, sizeBytes: 0 })
const link = (path: string): ManifestEntry => ({ path, type: 'symlink', mode: '0777', sizeBytes: 1, sha256: digest })
const paths = (list: readonly { readonly path: string }[]) => list.map(({ path }) => path)

test('folders come before what they hold, listed or not', () => {
  const { tree } = planContents({ entries: [file('a/b/c.txt'), folder('a')] })
  expect(tree.folders).toEqual([
    { path: 'a', mode: 0o750 },
    { path: '.fairlead', mode: 0o755 },
    { path: 'a/b', mode: 0o755 },
  ])
  expect(tree.files).toEqual([{ path: 'a/b/c.txt', source: 'a/b/c.txt', mode: 0o640, sizeBytes: 10, sha256: digest }])
})

test('what is shared leaves the release and becomes the seed, with a link as deep as its place', () => {
  const entries = [file('index.html'), folder('var/uploads'), file('var/uploads/a/b.txt'), link('var/uploads/l')]
  const { tree, shared } = planContents({ entries }, ['var/uploads'])
  expect(paths(tree.files)).toEqual(['index.html'])
  expect(paths(tree.folders)).toContain('var')
  expect(paths(tree.folders)).not.toContain('var/uploads')
  expect(shared).toMatchObject([{ path: 'var/uploads', holds: 'directory', target: '../../../shared/var/uploads' }])
  expect(shared[0]?.seed).toMatchObject({
    folders: [
      { path: '', mode: 0o750 },
      { path: 'a', mode: 0o755 },
    ],
    files: [{ path: 'a/b.txt', source: 'var/uploads/a/b.txt' }],
    links: [{ path: 'l', source: 'var/uploads/l' }],
  })
})

test('a shared file is its own seed', () => {
  const { shared } = planContents({ entries: [file('config/app.ini')] }, ['config/app.ini'])
  expect(shared).toMatchObject([{ holds: 'file', seed: { files: [{ path: '', source: 'config/app.ini' }] } }])
})

test('a shared path that the release does not have gets the folders above it', () => {
  const { tree, shared } = planContents({ entries: [] }, ['./var/log/'])
  expect(paths(tree.folders)).toContain('var')
  expect(shared).toMatchObject([{ path: 'var/log', holds: 'nothing', target: '../../../shared/var/log' }])
})

test('a path that only begins like a shared one stays in the release', () => {
  const { tree } = planContents({ entries: [file('var/uploads2/a')] }, ['var/uploads'])
  expect(paths(tree.files)).toEqual(['var/uploads2/a'])
})

test('each entry counts, with the folder of the release, the manifest and the links', () => {
  const { entryCount, sizes } = planContents({ entries: [file('a', 5), file('up/b', 7)] }, ['up'])
  expect(sizes).toEqual([5, 7])
  // The release: its folder, .fairlead, the manifest, a, the link up. Shared: the folder up, b, and one to spare.
  expect(entryCount).toBeGreaterThanOrEqual(7)
})

describe('a manifest is refused that lists', () => {
  test.each([
    ['a path out of the release', [file('../x')], 'leaves the release'],
    ['a path out of it in the middle', [file('a/../../x')], 'leaves the release'],
    ['an absolute path', [file('/etc/x')], 'is absolute'],
    ['an empty part', [file('a//b')], 'is not written plainly'],
    ['a dot', [file('./a')], 'is not written plainly'],
    ['a zero byte', [file('a\0b')], 'holds a zero byte'],
    ['a path twice', [file('a'), file('a')], 'is listed twice'],
    ['itself', [file('.fairlead/manifest.json')], 'is the manifest itself'],
    ['a file without its digest', [{ ...file('a'), sha256: undefined }], 'has no sha256'],
    [
      'a file below a link, which would be written through it',
      [link('a'), file('a/b')],
      'stands below a, which is a symlink',
    ],
    ['a link in the place of its own folder', [link('.fairlead')], 'stands below .fairlead, which is a symlink'],
  ])('%s', (_name, entries, problem) => {
    expect(refusal(entries as ManifestEntry[])).toMatch(new RegExp(`^RELEASE_MANIFEST_UNSAFE: .*${problem}`))
  })
})

describe('a shared path is refused that', () => {
  test.each([
    ['leaves the release', ['../x'], 'leaves the release'],
    ['is absolute', ['/var/uploads'], 'is absolute'],
    ['is empty', [''], 'is not written plainly'],
    ['is the release itself', ['.'], 'is not written plainly'],
    ['is given twice', ['a', 'a/'], 'is given twice'],
    ['stands inside another', ['var/uploads', 'var'], 'stands inside var'],
    ['holds the manifest', ['.fairlead'], 'belongs to the manifest'],
    ['stands below a file of the release', ['index.html/x'], 'stands below index.html, which is a file'],
    ['stands below a link of the release', ['link/x'], 'stands below link, which is a symlink'],
    ['is a link in the release', ['link'], 'is a symbolic link in the release'],
  ])('%s', (_name, shared, problem) => {
    const words = refusal([file('index.html'), link('link')], shared)
    expect(words).toMatch(new RegExp(`^SHARED_PATH_INVALID: .*${problem}`))
  })
})

function refusal(entries: readonly ManifestEntry[], shared?: readonly string[]): string {
  try {
    planContents({ entries }, shared)
  } catch (error) {
    if (isDeployError(error)) return `${error.code}: ${error.message}`
    throw error
  }
  return 'accepted'
}
