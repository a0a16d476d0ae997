import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRepository, temporaryFolder } from '@fairlead/test-support'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judgeIgnored, type IgnoreFile } from '../../src/plan/ignore-rules.ts'

const runs = Number(process.env.FAIRLEAD_PROPERTY_RUNS ?? 150)

/** Files of a tree that has something for every pattern below; folders follow from them. */
const files = [
  'a',
  'ab',
  'abc',
  'a b',
  'a ',
  '#a',
  '!a',
  'a#',
  'a]',
  'a-b',
  'a\\b',
  'a*b',
  '[a]',
  '-',
  '^',
  'ü',
  'ü.log',
  'Ab',
  'x.log',
  'x.log.txt',
  'ab.c',
  'a.b.c',
  '.a',
  '.log',
  'foo',
  'fooX',
  'foobar',
  'b/a',
  'b/x.log',
  'b/ab/a',
  'b/ab/c/x.log',
  'b/c/a',
  'b/c/b/a',
  'dist/a',
  'dist/keep/a',
  'dist/keep/x.log',
  'd/dist/a',
  'd/dist/b/a',
  'd/a b/c',
  'd/ü/a',
  'd/#x/!y',
  'foox/y/bar',
  'foo2/bar',
  'c/.a/.b',
  'c/a/b/c/d/e',
]
const folders = [...new Set(files.flatMap((path) => ancestors(path)))]
const ignorable = ['', 'b', 'b/ab', 'd', 'd/dist', 'dist', 'c', 'c/a']

function ancestors(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

function makeTree() {
  const repository = createRepository(join(temporaryFolder(), 'tree'))
  for (const path of files) {
    mkdirSync(join(repository.path, dirname(path)), { recursive: true })
    writeFileSync(join(repository.path, path), '')
  }
  return repository.path
}

/** What git itself says: the rule that decides, for every path that is ignored. */
function askGit(folder: string, paths: readonly string[]): ReadonlyMap<string, string> {
  const { status, stdout, stderr } = spawnSync(
    'git',
    ['-c', 'core.excludesFile=/dev/null', 'check-ignore', '-v', '-n', '-z', '--no-index', '--stdin'],
    { cwd: folder, input: paths.map((path) => `${path}\0`).join('') },
  )
  // 1: nothing at all is ignored.
  if (status !== 0 && status !== 1) throw new Error(stderr.toString())
  const fields = stdout.toString().split('\0')
  const ignored = new Map<string, string>()
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [source = '', line = '', pattern = '', path = ''] = fields.slice(at, at + 4)
    if (pattern !== '' && !pattern.startsWith('!')) ignored.set(path, `${source}:${line}`)
  }
  return ignored
}

function askUs(ignoreFiles: readonly IgnoreFile[]): ReadonlyMap<string, string> {
  const judge = judgeIgnored(ignoreFiles, '')
  const ignored = new Map<string, string>()
  for (const path of files) note(path, judge(path, 'file')?.label)
  for (const path of folders) note(path, judge(path, 'folder')?.label)
  return ignored
  function note(path: string, label: string | undefined) {
    if (label !== undefined) ignored.set(path, label.slice(0, label.indexOf(' ')))
  }
}

function bothAnswers(tree: string, texts: ReadonlyMap<string, string>) {
  const ignoreFiles = ignorable.map((folder) => ({
    path: folder === '' ? '.gitignore' : `${folder}/.gitignore`,
    text: texts.get(folder) ?? '',
  }))
  for (const { path, text } of ignoreFiles) writeFileSync(join(tree, path), text)
  const sorted = (answers: ReadonlyMap<string, string>) => [...answers].sort(([a], [b]) => (a < b ? -1 : 1))
  return { ours: sorted(askUs(ignoreFiles)), git: sorted(askGit(tree, [...files, ...folders])) }
}

/** Every construct of a pattern, and its traps. */
const corpus = [
  'a', '/a', 'a/', '/b/', 'b/a', '/b/a', 'b/*', '*', '/*', '*/', '**', '/**', '**/', '**/a', '/**/a', 'b/**', 'b/**/a',
  '**/b/**', 'b/**/b/**/a', '***', 'a**', '**a', 'fo**/bar', 'foo**/bar', 'foo*/**/bar', 'foo?/bar', 'b/**c/a', '*.log',
  '*.log*', '*log', '?', '??', '?.log', '[a]', '[!a]', '[^a]', '[a-c]', '[a-]', '[-a]', '[]a]', '[!]a]', '[a', '[', '[]',
  '[!', 'a[', 'a[b', '[a-c]b', '[c-a]', '[\\]a]', '[\\-a]', 'a[\\]-^]', 'a[]-]', '[[:alpha:]]', '[[:upper:]]b',
  '[![:alpha:]]*', '[[:digit:]]', '[[:nope:]]', '[[:alpha:]', '[[:alpha]]', '[[:]a]', '[[:', '[[:alpha:]-z]', 'a[[:space:]]b',
  'a[[:punct:]]b', '\\#a', '#a', '\\!a', '!a', '\\a', 'a\\', 'a\\\\b', 'a\\*b', 'a\\ ', 'a ', 'a  ', 'a\\  ', ' a', 'a b',
  'a\\ b', ' ', '\\ ', '\t', 'a\t', '', '/', '//', '!', '!/', '\\', '/a/', 'a//', '//a', 'ü', '?.log', '??.log', 'd/?/a',
  'd/??/a', 'd/ü/a', '[ü]', '[ü]ü', 'a.*.c', '*.*.*', '.*', '.a', 'c/.*/.b', 'dist', 'dist/', '/dist', 'd/dist', 'dist/*',
  'dist/**', 'c/**/e', 'c/*/b/**/e', 'c/a/**/', '**/c/', 'c/**/\\e', '**\\/a', 'b/**\\/a', 'a\r', '*.log\r', 'a#', '\ufeffa', 'b/', 'keep/', '[a]b*', '*a*b*', '*/a', '*/*/a', '/*/', 'x.log/..', './a', 'b/./a', '../a',
] // prettier-ignore

test('each kind of pattern means what it means to git, alone and taken back', () => {
  const tree = makeTree()
  let ignoredByGit = 0
  for (const pattern of corpus) {
    const alone = bothAnswers(tree, new Map([['', `${pattern}\n`]]))
    expect({ pattern, ignored: alone.ours }).toEqual({ pattern, ignored: alone.git })
    const takenBack = bothAnswers(tree, new Map([['', `*\n!*/\n!${pattern}`], ['b', `${pattern}\n`]])) // prettier-ignore
    expect({ pattern, ignored: takenBack.ours }).toEqual({ pattern, ignored: takenBack.git })
    ignoredByGit += alone.git.length
  }
  expect(ignoredByGit).toBeGreaterThan(1000)
})

const pieces = fc.constantFrom('a', 'b', 'c', 'x', '.', 'log', '/', '/', '*', '**', '**/', '/**', '?', '[ab]', '[!a]', '[a-c]', '\\', ' ', '#', '!', 'ü', 'dist', 'foo', ']', '[', '-', '[:alpha:]', '\r') // prettier-ignore
const lines = fc.oneof(
  fc.constantFrom(...corpus),
  fc.array(pieces, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
)
const negatable = fc.tuple(lines, fc.boolean()).map(([line, isNegated]) => (isNegated ? `!${line}` : line))
const texts = fc
  .tuple(fc.array(negatable, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'))
  .map(([some, end]) => some.join(end))

test('files of rules at every depth mean together what they mean to git', () => {
  const tree = makeTree()
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...ignorable), texts), { minLength: 1, maxLength: 4 }), (some) => {
      const { ours, git } = bothAnswers(tree, new Map(some))
      expect(ours).toEqual(git)
    }),
    { numRuns: runs },
  )
})

test('a later file of the same folder overrides an earlier one, and an inner folder both', () => {
  const judge = judgeIgnored(
    [
      { path: '.gitignore', text: '*.log\n' },
      { path: 'b/.gitignore', text: '!x.log\n' },
      { path: '.fairleadignore', text: '!y.log\n*.map\n' },
    ],
    '',
  )
  expect(judge('y.log', 'file')).toBeUndefined()
  expect(judge('x.log', 'file')?.label).toBe('.gitignore:1 *.log')
  expect(judge('b/x.log', 'file')).toBeUndefined()
  expect(judge('b/z.map', 'file')?.label).toBe('.fairleadignore:2 *.map')
})

test('rules above root count, and root itself is never ignored', () => {
  const judge = judgeIgnored(
    [
      { path: '.gitignore', text: '/apps/shop/\n*.log\n/apps/shop/out\n' },
      { path: 'apps/.gitignore', text: 'shop/tmp\n' },
      { path: 'apps/shop/.gitignore', text: '!keep.log\n' },
      { path: 'apps/other/.gitignore', text: '*\n' },
    ],
    'apps/shop/',
  )
  expect(judge('main.js', 'file')).toBeUndefined()
  expect(judge('x.log', 'file')?.label).toBe('../../.gitignore:2 *.log')
  expect(judge('out/a', 'file')?.label).toBe('../../.gitignore:3 /apps/shop/out')
  expect(judge('tmp/a', 'file')?.label).toBe('../.gitignore:1 shop/tmp')
  expect(judge('keep.log', 'file')).toBeUndefined()
})
