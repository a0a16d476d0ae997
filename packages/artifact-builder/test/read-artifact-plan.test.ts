import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRepository, temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { buildArtifact, explainPlan, formatDecision, readArtifactPlan } from '../src/index.ts'
import { createShop } from './support/shop.ts'

test('a dry run tells what a build would do, and why, and writes nothing', async () => {
  const shop = createShop({ '.gitignore': '*.log\n/dist/\n', '.fairleadignore': 'docs/\n', 'docs/a.md': '# a\n' })
  shop.repository.write({ 'dist/main.js': 'x', 'dist/main.log': 'y', 'notes.txt': 'z' })
  symlinkSync('/etc/hosts', join(shop.repository.path, 'dist/hosts'))
  const before = readdirSync(dirname(shop.repository.path), { recursive: true })

  const { root, include: _include, output, ...ambient } = shop.options()
  const answer = await readArtifactPlan({
    ...ambient,
    root,
    output,
    tracked: true,
    include: ['dist/**'],
    exclude: ['src/empty.js'],
    ignoreFiles: ['.fairleadignore'],
    map: [{ from: 'dist', to: 'public' }],
  })

  expect(answer).toMatchObject({ root, commit: shop.commit, application: 'shop' })
  expect(explainPlan(answer.plan).map(formatDecision)).toEqual([
    'in       .fairleadignore  (tracked)',
    'in       .gitignore  (tracked)',
    'in       appspec.yml  (tracked)',
    'refused  dist/hosts as public/hosts  (link-escapes)',
    'in       dist/main.js as public/main.js  (include dist/**)',
    'in       dist/main.log as public/main.log  (include dist/**)',
    'out      docs/a.md  (.fairleadignore:1 docs/)',
    'in       hooks/after-install.sh  (tracked)',
    'out      notes.txt  (not chosen by any include)',
    'in       package.json  (tracked)',
    'out      src/empty.js  (exclude src/empty.js)',
    'in       src/main-link.js  (tracked)',
    'in       src/main.js  (tracked)',
  ])
  expect(readdirSync(dirname(shop.repository.path), { recursive: true })).toEqual(before)
})

test('ignore files above root count up to the top of the repository, and one that is a link does not', async () => {
  const repository = createRepository(join(temporaryFolder(), 'mono'))
  repository.commit({
    '.gitignore': '*.log\n/apps/shop/tmp\n',
    'apps/.gitignore': '!keep.log\n',
    'apps/shop/main.js': '',
    'apps/shop/x/.gitignore': { link: '../rules' },
    'apps/shop/rules': '*\n',
  })
  repository.write({ 'apps/shop/a.log': '', 'apps/shop/keep.log': '', 'apps/shop/tmp/a': '', 'apps/shop/x/b': '' })
  const { plan } = await readArtifactPlan({
    root: join(repository.path, 'apps/shop'),
    include: ['**'],
    ignoreFiles: ['.gitignore'],
  })
  expect(plan.entries.map(({ path }) => path)).toEqual(['keep.log', 'main.js', 'rules', 'x/.gitignore', 'x/b'])
  expect(plan.leftOut).toEqual([
    { path: 'a.log', leftOutBy: '../../.gitignore:1 *.log' },
    { path: 'tmp/a', leftOutBy: '../../.gitignore:2 /apps/shop/tmp' },
  ])
})

test('the plan of a build refuses nothing that CodeDeploy takes, and warns of what it takes otherwise', async () => {
  const shop = createShop({
    'hooks/after-install.sh': { text: 'exit 0\n', mode: 0o644 },
    'Src/main.js': '',
    'appspec.yml': `version: 0.0
os: linux
files:
  - source: src
    destination: /srv/shop
hooks:
  AfterInstall:
    - location: hooks/link.sh
`,
    'hooks/link.sh': { link: 'after-install.sh' },
  })
  mkdirSync(join(shop.repository.path, 'empty'))
  await buildArtifact(shop.options())
  const warnings = shop.events.filter((event) => event.type === 'artifact.warned')
  expect(warnings.map(({ warning, path }) => `${warning} ${path}`)).toEqual([
    'name-collision Src',
    'script-not-executable appspec.yml',
    'script-without-shebang appspec.yml',
  ])
})

test('an option that only a build has may be left out, and one that nobody has is refused', async () => {
  const shop = createShop()
  await expect(readArtifactPlan({ root: shop.repository.path, include: ['**'] })).resolves.toMatchObject({
    commit: shop.commit,
  })
  const unknown = { root: shop.repository.path, includes: ['**'] }
  await expect(readArtifactPlan(unknown as never)).rejects.toMatchObject({
    code: 'UNKNOWN_OPTION',
    context: { verb: 'readArtifactPlan', nearest: 'include' },
  })
})
