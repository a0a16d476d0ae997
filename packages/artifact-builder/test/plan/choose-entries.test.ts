import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planArtifact, type ArtifactPlan, type TreeEntry } from '../../src/index.ts'
import { chooseEntries } from '../../src/plan/choose-entries.ts'
import { compileSelection, foldersToList } from '../../src/ports/globs.ts'

const file = (path: string, executable = false): TreeEntry => ({ path, type: 'file', executable, sizeBytes: 1 })
const link = (path: string, target: string): TreeEntry => ({ path, type: 'symlink', target })
const emptyFolder = (path: string): TreeEntry => ({ path, type: 'directory', empty: true })

interface Row {
  readonly listing: readonly TreeEntry[]
  readonly include: readonly string[]
  readonly exclude?: readonly string[]
  readonly chosen?: readonly string[]
  readonly refused?: readonly string[]
  readonly unmatched?: readonly string[]
}

const rows: Readonly<Record<string, Row>> = {
  'a folder is chosen whole by a double star, hidden files included': {
    listing: [file('dist/.hidden'), file('dist/a/b.js'), file('other.js')],
    include: ['dist/**'],
    chosen: ['dist/.hidden', 'dist/a/b.js'],
  },
  'entries come in the order of the bytes of their paths': {
    listing: [file('b'), file('a/z'), file('a.b'), file('Ä'), file('B')],
    include: ['**'],
    chosen: ['B', 'a.b', 'a/z', 'b', 'Ä'],
  },
  'the name of a folder alone does not choose what is in it': {
    listing: [file('dist/a.js')],
    include: ['dist'],
    unmatched: ['dist'],
  },
  'exclude wins over include': {
    listing: [file('dist/a.js'), file('dist/a.js.map')],
    include: ['dist/**'],
    exclude: ['**/*.map'],
    chosen: ['dist/a.js'],
  },
  'an include of which everything is excluded chooses nothing': {
    listing: [file('a.js'), file('b.map')],
    include: ['*.js', '*.map'],
    exclude: ['*.map'],
    chosen: ['a.js'],
    unmatched: ['*.map'],
  },
  "git's own folder never goes in, at any depth": {
    listing: [file('.git/config'), file('vendor/lib/.git'), file('vendor/lib/.gitignore')],
    include: ['**'],
    chosen: ['vendor/lib/.gitignore'],
  },
  'an empty folder goes in where it is chosen, a full one by what is in it': {
    listing: [emptyFolder('var/cache'), { path: 'src', type: 'directory', empty: false }, file('src/a')],
    include: ['**'],
    chosen: ['src/a', 'var/cache'],
  },
  'a name with a line break is not overlooked by a glob, but refused': {
    listing: [file('a\nb'), file('\x7f'), file('ok')],
    include: ['**'],
    chosen: ['ok'],
    refused: ['a\nb name-control-character', '\x7f name-control-character'],
  },
  'unusual names that a zip can hold go in': {
    listing: ['-x', 'a b', 'ü/😀', 'sub/c:d', 'c:', 'a\\b', '.fairleadx', '[id].js', 'x'.repeat(255)].map((path) =>
      file(path),
    ),
    include: ['**'],
    chosen: ['-x', '.fairleadx', '[id].js', 'a b', 'a\\b', 'c:', 'sub/c:d', 'x'.repeat(255), 'ü/😀'],
  },
  'a name that is not UTF-8 is refused': {
    listing: [file('caf\ufffd')],
    include: ['**'],
    refused: ['caf\ufffd name-not-utf8'],
  },
  "the manifest's folder is refused": {
    listing: [file('.fairlead/manifest.json'), link('.fairlead', 'x'), file('x')],
    include: ['**'],
    chosen: ['x'],
    refused: ['.fairlead name-reserved', '.fairlead/manifest.json name-reserved'],
  },
  'a socket is refused where it is chosen and no matter where it is not': {
    listing: [{ path: 'run/app.sock', type: 'other' }, { path: 'app.pipe', type: 'other' }, file('a')],
    include: ['a', '*.pipe'],
    chosen: ['a'],
    refused: ['app.pipe not-a-file'],
  },
  'links to a file, to a folder, over another link and upwards go in': {
    listing: [
      file('d/f'),
      link('to-file', 'd/f'),
      link('to-folder', './d/'),
      link('d/up', '../to-folder/f'),
      link('e/here', '.'),
    ],
    include: ['**'],
    chosen: ['d/f', 'd/up', 'e/here', 'to-file', 'to-folder'],
  },
  'a link that is absolute, or leaves root on its way, escapes': {
    listing: [
      file('a'),
      link('abs', '/etc/passwd'),
      link('up', '../x'),
      link('back', '../root/a'),
      link('s/far', '../../a'),
      link('late', 'no/../../x'),
    ],
    include: ['**'],
    chosen: ['a'],
    refused: ['abs link-escapes', 'back link-escapes', 'late link-escapes', 's/far link-escapes', 'up link-escapes'],
  },
  'a link that escapes over another one escapes': {
    listing: [file('a'), link('out', '..'), link('x', 'out/y')],
    include: ['**'],
    chosen: ['a'],
    refused: ['out link-escapes', 'x link-escapes'],
  },
  'a link to what is not chosen dangles in the artifact': {
    listing: [file('a'), file('b'), link('l', 'b'), link('m', 'nothing'), link('n', 'a/below'), link('o', 'a/')],
    include: ['**'],
    exclude: ['b'],
    chosen: ['a'],
    refused: ['l link-dangling', 'm link-dangling', 'n link-dangling', 'o link-dangling'],
  },
  'links in a circle are refused': {
    listing: [file('a'), link('x', 'y'), link('y', 'x'), link('self', 'self')],
    include: ['**'],
    chosen: ['a'],
    refused: ['self link-cycle', 'x link-cycle', 'y link-cycle'],
  },
  'a link whose target is not UTF-8 is refused': {
    listing: [file('a'), link('y', '\ufffd')],
    include: ['**'],
    chosen: ['a'],
    refused: ['y name-not-utf8'],
  },
}

test.each(Object.entries(rows))(
  '%s',
  (_name, { listing, include, exclude, chosen = [], refused = [], unmatched = [] }) => {
    const plan = planArtifact(listing, { include, exclude })
    expect(plan.entries.map(({ path }) => path)).toEqual(chosen)
    expect(plan.refused.map(({ path, reason }) => `${path} ${reason}`)).toEqual(refused)
    expect(plan.unmatched).toEqual(unmatched)
  },
)

test('modes come from the exec bit alone', () => {
  const { entries } = planArtifact([file('a'), file('b', true), link('c', 'a'), emptyFolder('d')], { include: ['**'] })
  expect(entries.map(({ mode }) => mode)).toEqual(['0644', '0755', '0777', '0755'])
})

const names = fc.constantFrom('a', 'b', 'dist', '.x', 'node_modules', 'c.js')
const paths = fc.uniqueArray(
  fc.array(names, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
  { maxLength: 12 },
)
const globs = fc.constantFrom(
  '**',
  'a/**',
  'dist/**',
  '**/*.js',
  'a/b',
  '{a,b}/**',
  '**/node_modules/**',
  './dist/*',
  'node_modules/**',
  'b/*/**',
)

test('the same tree gives the same plan, in whatever order it is listed', () => {
  fc.assert(
    fc.property(
      paths,
      fc.array(globs, { minLength: 1, maxLength: 3 }),
      fc.array(globs, { maxLength: 2 }),
      (tree, include, exclude) => {
        const listing = tree.map((path) => file(path))
        const plan = planArtifact(listing, { include, exclude })
        expect(withoutRest(planArtifact(listing.toReversed(), { include, exclude }))).toEqual(withoutRest(plan))
        expect(plan.entries.map(({ path }) => path)).toEqual(
          plan.entries.map(({ path }) => path).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
        )
      },
    ),
  )
})

/** What is not listed is not explained either. */
const withoutRest = (plan: ArtifactPlan) => ({ ...plan, leftOut: [] })

test('folders that are not listed hold nothing that would be chosen', () => {
  fc.assert(
    fc.property(
      paths,
      fc.array(globs, { minLength: 1, maxLength: 3 }),
      fc.array(globs, { maxLength: 2 }),
      (tree, include, exclude) => {
        const selection = compileSelection({ include, exclude })
        const toList = foldersToList(selection)
        const isListed = (path: string) =>
          path
            .split('/')
            .slice(0, -1)
            .every((_, index, parts) => toList(parts.slice(0, index + 1).join('/')))
        const whole = tree.map((path) => file(path))
        const listed = whole.filter(({ path }) => isListed(path))
        expect(withoutRest(chooseEntries(listed, selection))).toEqual(withoutRest(chooseEntries(whole, selection)))
      },
    ),
    { numRuns: 500 },
  )
})
