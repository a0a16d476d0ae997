import { expect, test } from 'vitest'
import type { ManifestEntry } from '@fairlead/core'
import { diffArtifacts, diffEntries, readArtifact } from '../src/index.ts'
import { manifestOf, rawArtifact, sha256, writeZip } from './support/raw-artifact.ts'
import { linkMode } from './support/raw-zip.ts'

function file(path: string, data: string, mode = '0644'): ManifestEntry {
  return { path, type: 'file', mode, sizeBytes: data.length, sha256: sha256(data) }
}
const folder = (path: string): ManifestEntry => ({ path, type: 'directory', mode: '0755', sizeBytes: 0 })
const link = (path: string, target: string): ManifestEntry => ({ ...file(path, target, '0777'), type: 'symlink' })

const rows: Readonly<Record<string, readonly [readonly ManifestEntry[], readonly ManifestEntry[], readonly string[]]>> =
  {
    'the same': [[file('a', 'x')], [file('a', 'x')], []],
    'nothing at all': [[], [], []],
    'a new file': [[], [file('a', 'x')], ['added a']],
    'a file that went': [[file('a', 'x')], [], ['removed a']],
    'other content': [[file('a', 'x')], [file('a', 'y')], ['content a']],
    'other content of the same file with another mode': [[file('a', 'x')], [file('a', 'y', '0755')], ['content a']],
    'another mode': [[file('a', 'x')], [file('a', 'x', '0755')], ['mode a']],
    'a link in place of a file': [[file('a', 'x')], [link('a', 'x')], ['type a']],
    'another target': [[link('a', 'x')], [link('a', 'y')], ['content a']],
    'a file under another name': [[file('a', 'x')], [file('b', 'x')], ['moved b']],
    'two alike of which one went': [[file('a', 'x'), file('b', 'x')], [file('c', 'x')], ['removed b', 'moved c']],
    'one that became two': [[file('a', 'x')], [file('b', 'x'), file('c', 'x')], ['moved b', 'added c']],
    'a copy, which is no move': [[file('a', 'x')], [file('a', 'x'), file('b', 'x')], ['added b']],
    'a move with another mode': [[file('a', 'x')], [file('b', 'x', '0755')], ['removed a', 'added b']],
    'empty files, which are all alike': [[file('a', '')], [file('b', '')], ['removed a', 'added b']],
    'folders, which are all alike': [[folder('a')], [folder('b')], ['removed a', 'added b']],
    'several, in the order of their bytes': [
      [file('b', 'x'), file('z', 'z')],
      [file('a', '1'), file('b', 'y'), file('\uffff', '2'), file('😀', '3')],
      ['added a', 'content b', 'removed z', 'added \uffff', 'added 😀'],
    ],
  }

test.each(Object.entries(rows))('%s', (_name, [before, after, expected]) => {
  const found = diffEntries(before, after)
  expect(found.map(({ change, path }) => `${change} ${path}`)).toEqual(expected)
})

test('a moved file says where it was', () => {
  expect(diffEntries([file('a', 'x')], [file('b', 'x')])).toEqual([
    { change: 'moved', path: 'b', from: 'a', before: file('a', 'x'), after: file('b', 'x') },
  ])
})

test('zips, artifacts and manifests are compared alike', async () => {
  const before = writeZip(
    rawArtifact([
      { name: 'a', data: 'x' },
      { name: 'l', data: 'a', mode: linkMode },
    ]),
  )
  const after = writeZip(
    rawArtifact([
      { name: 'a', data: 'yy' },
      { name: 'l', data: 'a', mode: linkMode },
    ]),
  )
  const [old, current] = [await readArtifact(before), await readArtifact(after)]
  const answer = await diffArtifacts({ before, after })
  expect(answer).toMatchObject({
    isSame: false,
    before: { contentDigest: old.manifest.contentDigest, entryCount: 2, contentBytes: 2 },
    after: { contentDigest: current.manifest.contentDigest, entryCount: 2, contentBytes: 3 },
    entries: [{ change: 'content', path: 'a', before: { sizeBytes: 1 }, after: { sizeBytes: 2 } }],
  })
  expect(await diffArtifacts({ before: old.artifact, after: current.manifest })).toEqual(answer)
  expect(await diffArtifacts({ before, after: before })).toMatchObject({ isSame: true, entries: [] })
})

test('refuses a manifest that contradicts itself, and what is none', async () => {
  const sound = manifestOf([file('a', 'x')])
  await expect(
    diffArtifacts({ before: sound, after: { ...sound, contentDigest: 'a'.repeat(64) } }),
  ).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
  })
  await expect(diffArtifacts({ before: sound, after: { entries: [] } as never })).rejects.toMatchObject({
    code: 'INVALID_RECORD',
  })
  await expect(diffArtifacts({ before: sound, after: null as never })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  await expect(diffArtifacts({ before: sound, after: sound }, { clock: 1 } as never)).rejects.toMatchObject({
    code: 'UNKNOWN_OPTION',
  })
})
