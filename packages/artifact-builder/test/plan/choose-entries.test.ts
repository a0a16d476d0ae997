import fc from 'fast-check'
import picomatch from 'picomatch'
import { expect, test } from 'vitest'
import {
  explainPath,
  explainPlan,
  formatDecision,
  planArtifact,
  type ArtifactPlan,
  type PlanArtifactOptions,
  type TreeEntry,
} from '../../src/index.ts'
import { chooseEntries, planOf } from '../../src/plan/choose-entries.ts'
import { compileSelection, foldersToList } from '../../src/ports/globs.ts'

const file = (path: string, executable = false): TreeEntry => ({ path, type: 'file', executable, sizeBytes: 1 })
const link = (path: string, target: string): TreeEntry => ({ path, type: 'symlink', target })
const emptyFolder = (path: string): TreeEntry => ({ path, type: 'directory', empty: true })

interface Row {
  readonly listing: readonly TreeEntry[]
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  readonly options?: PlanArtifactOptions
  readonly warnings?: readonly string[]
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
      link('back', '../shop/a'),
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
  'what the commit tracks is chosen, and built folders besides': {
    listing: [file('src/a'), file('src/new'), file('dist/b'), file('notes')],
    include: ['dist/**'],
    options: { tracked: true, committed: ['src/a', 'notes'] },
    exclude: ['notes'],
    chosen: ['dist/b', 'src/a'],
  },
  'an ignore file leaves out what a glob includes, at every depth': {
    listing: [file('a.log'), file('d/b.log'), file('d/keep.log'), file('dist/x'), file('.gitignore')],
    include: ['**'],
    options: {
      ignoreFiles: [
        { path: '.gitignore', text: '*.log\n/dist/\n' },
        { path: 'd/.gitignore', text: '!keep.log\n' },
      ],
    },
    chosen: ['.gitignore', 'd/keep.log'],
  },
  'a .gitignore does not leave out what the commit tracks, as in git; our own ignore file does': {
    listing: [file('a.log'), file('b.log'), file('docs/c')],
    options: {
      tracked: true,
      committed: ['a.log', 'docs/c'],
      ignoreFiles: [
        { path: '.gitignore', text: '*.log\n' },
        { path: '.fairleadignore', text: 'docs/\n' },
      ],
    },
    include: ['*.log'],
    chosen: ['a.log'],
  },
  'files and folders are placed elsewhere, the longer way first, and links are judged where they come to stand': {
    listing: [
      file('apps/shop/dist/a.js'),
      link('apps/shop/dist/up', '../top.txt'),
      file('apps/shop/dist/x/b'),
      file('top.txt'),
    ],
    include: ['**'],
    options: {
      map: [
        { from: 'apps/shop/dist', to: 'public' },
        { from: 'apps/shop/dist/x', to: '' },
      ],
    },
    chosen: ['b', 'public/a.js', 'public/up', 'top.txt'],
  },
  'a link that fits where it stands and not where it comes to stand is refused': {
    listing: [file('a/b/f'), link('a/b/c/l', '../f'), file('a/b/c/g')],
    include: ['**'],
    options: { map: [{ from: 'a/b/c', to: 'c' }] },
    chosen: ['a/b/f', 'c/g'],
    refused: ['c/l link-dangling'],
  },
  'a name or a path that no Linux can have is refused where map makes one': {
    listing: [file('a/x'), file('b/x'), file('c/x'), file('d/x')],
    include: ['**'],
    options: {
      map: [
        { from: 'a', to: 'é'.repeat(127) },
        { from: 'b', to: 'é'.repeat(128) },
        { from: 'c', to: `${'c/'.repeat(2046)}c` },
        { from: 'd', to: `${'d/'.repeat(2046)}dd` },
      ],
    },
    chosen: [`${'c/'.repeat(2047)}x`, `${'é'.repeat(127)}/x`],
    refused: [`${'d/'.repeat(2046)}dd/x name-too-long`, `${'é'.repeat(128)}/x name-too-long`],
  },
  'a place with half of a pair of UTF-16 is no name in UTF-8': {
    listing: [file('a/x'), file('b/x')],
    include: ['**'],
    options: {
      map: [
        { from: 'a', to: 'half\ud800' },
        { from: 'b', to: 'whole\ud83d\ude00' },
      ],
    },
    chosen: ['whole\u{1f600}/x'],
    refused: ['half\ud800/x name-not-utf8'],
  },
  'two sources for one place are refused, a file for a folder too': {
    listing: [file('a/x'), file('b/x'), file('c'), file('d/e'), file('only')],
    include: ['**'],
    options: {
      map: [
        { from: 'b', to: 'a' },
        { from: 'c', to: 'd' },
      ],
    },
    chosen: ['d/e', 'only'],
    refused: ['a/x path-clash', 'a/x path-clash', 'd path-clash'],
  },
  'an empty folder may come to stand where another one is': {
    listing: [emptyFolder('a/var'), emptyFolder('b/var'), file('b/log/x'), emptyFolder('a/log')],
    include: ['**'],
    options: { map: [{ from: 'b', to: 'a' }] },
    chosen: ['a/log/x', 'a/var'],
  },
  'names that differ in case or in the form of an accent are reported once, at the folder where they part': {
    listing: [
      file('Src/a'),
      file('Src/b'),
      file('src/a'),
      file('README'),
      file('readme'),
      file('x/\u00e9'),
      file('x/e\u0301'),
      file('y/README'),
    ],
    include: ['**'],
    chosen: ['README', 'Src/a', 'Src/b', 'readme', 'src/a', 'x/e\u0301', 'x/\u00e9', 'y/README'],
    warnings: ['README name-collision readme', 'Src name-collision src', 'x/e\u0301 name-collision x/\u00e9'],
  },
  'names that Windows cannot have are reported': {
    listing: [
      'con',
      'a/NUL.txt',
      'com1.d/x',
      'com1.d/y',
      'dot.',
      'blank /x',
      'q?',
      'a:b',
      'a\\b',
      'console',
      'a/lpt10',
      'c.on',
    ].map((path) => file(path)),
    include: ['**'],
    chosen: [
      'a/NUL.txt',
      'a/lpt10',
      'a:b',
      'a\\b',
      'blank /x',
      'c.on',
      'com1.d/x',
      'com1.d/y',
      'con',
      'console',
      'dot.',
      'q?',
    ],
    warnings: ['a/NUL.txt', 'a:b', 'a\\b', 'blank ', 'com1.d', 'con', 'dot.', 'q?'].map(
      (path) => `${path} name-not-for-windows`,
    ),
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
  (_name, { listing, include, exclude, options, chosen = [], refused = [], unmatched = [], warnings }) => {
    const plan = planArtifact(listing, { include, exclude, ...options })
    if (warnings) {
      expect(plan.warnings.map(({ path, warning, other }) => [path, warning, other].filter(Boolean).join(' '))).toEqual(
        warnings,
      )
    }
    expect(plan.entries.map(({ path }) => path)).toEqual(chosen)
    expect(plan.refused.map(({ path, reason }) => `${path} ${reason}`)).toEqual(refused)
    expect(plan.unmatched).toEqual(unmatched)
  },
)

test('a plan explains every path, with the glob or the line that decides', () => {
  const plan = planArtifact(
    [
      file('dist/a.js'),
      file('dist/a.js.map'),
      file('src/b.ts'),
      file('.git/config'),
      file('d/x.log'),
      file('d/y'),
      file('other'),
      link('dist/out', '/etc'),
      file('node_modules/pg/index.js'),
      file('node_modules/vitest/index.js'),
      file('node_modules/.cache/x'),
      file('node_modules/pg/.gitignore'),
    ],
    {
      include: ['dist/**', 'd/**'],
      exclude: ['**/*.map'],
      tracked: true,
      committed: ['src/b.ts'],
      ignoreFiles: [{ path: 'd/.gitignore', text: '# logs\n\n*.log\n' }],
      npmDependencies: {
        lock: { '': { dependencies: { pg: '1' } }, 'node_modules/pg': {}, 'node_modules/vitest': {} },
        workspaces: [],
      },
      map: [{ from: 'dist/a.js', to: 'main.js' }],
    },
  )
  expect(explainPlan(plan).map(formatDecision)).toEqual([
    'out      .git/config  (.git is never in)',
    'out      d/x.log  (d/.gitignore:3 *.log)',
    'in       d/y  (include d/**)',
    'in       dist/a.js as main.js  (include dist/**)',
    'out      dist/a.js.map  (exclude **/*.map)',
    'refused  dist/out  (link-escapes)',
    'out      node_modules/.cache/x  (no npm production dependency)',
    'in       node_modules/pg/.gitignore  (npm production dependency of the project)',
    'in       node_modules/pg/index.js  (npm production dependency of the project)',
    'out      node_modules/vitest/index.js  (no npm production dependency)',
    'out      other  (not chosen by any include)',
    'in       src/b.ts  (tracked)',
  ])
  expect(explainPath(plan, 'other')).toEqual({ path: 'other', decision: 'out', because: 'not chosen by any include' })
  expect(explainPath(plan, 'nowhere')).toBeUndefined()
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
})

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
  'a\\b/**',
  '{dist,a/b}/*',
  'dist/{a,c.js}',
  'a//b',
  '"a"/**',
  '[ab]/**',
  'a/!(b)',
)

test('a glob is asked only where it can match, and answers as the library does', () => {
  fc.assert(
    fc.property(paths, globs, (tree, glob) => {
      const plan = planArtifact(
        tree.map((path) => file(path)),
        { include: [glob] },
      )
      const matches = picomatch(glob, { dot: true, nonegate: true })
      expect(plan.entries.map(({ path }) => path).sort()).toEqual(tree.filter((path) => matches(path)).sort())
    }),
    { numRuns: 1000 },
  )
})

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

test('the rows of a plan are where its entries stand in the listing, moved and merged ones too', () => {
  fc.assert(
    fc.property(paths, fc.array(globs, { minLength: 1, maxLength: 3 }), (tree, include) => {
      const listing: TreeEntry[] = [
        ...tree.map((path) => file(path)),
        { path: 'empty', type: 'directory', empty: true },
        { path: 'moved/empty', type: 'directory', empty: true },
        { path: 'pipe', type: 'other' },
      ]
      for (const map of [[], [{ from: 'moved', to: '' }]]) {
        const { plan, rows } = chooseEntries(listing, compileSelection({ include: [...include, '*', 'moved/**'], map }))
        expect([...rows].map((row) => listing[row]?.path)).toEqual(plan.entries.map(({ source }) => source))
        expect(plan.refused).toContainEqual({ path: 'pipe', reason: 'not-a-file' })
        expect(plan.entries.filter(({ path }) => path === 'empty')).toHaveLength(1)
      }
    }),
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
        const depthOf = foldersToList(selection)
        const depthsOf = (path: string) => {
          const parts = path.split('/').slice(0, -1)
          return [depthOf(''), ...parts.map((_, index) => depthOf(parts.slice(0, index + 1).join('/')))]
        }
        const isListed = (path: string) => !depthsOf(path).includes('nothing')
        for (const path of tree) {
          const depths = depthsOf(path)
          const all = depths.indexOf('all below it')
          expect(all !== -1 && depths.includes('nothing', all)).toBe(false)
        }
        const whole = tree.map((path) => file(path))
        const listed = whole.filter(({ path }) => isListed(path))
        const [fewer, more] = [listed, whole].map((listing) => withoutRest(planOf(chooseEntries(listing, selection))))
        expect(fewer).toEqual(more)
      },
    ),
    { numRuns: 500 },
  )
})
