import { readdirSync } from 'node:fs'
import tseslint from 'typescript-eslint'
import { pureLibraries, walls } from './tools/walls.js'

const scope = '@fairlead/'
const effectModules = ['node:fs', 'node:fs/promises', 'node:child_process', 'node:net', 'node:http', 'node:https']
const impureModules = [...effectModules, 'node:os', 'node:process', 'node:timers', 'node:timers/promises']

/** Names of packages outside the table are refused, so that a new package has to be given its walls first. */
for (const name of readdirSync(new URL('packages/', import.meta.url))) {
  if (!(name in walls)) throw new Error(`tools/walls.js has no entry for packages/${name}`)
}

const defaultExports = {
  'no-restricted-syntax': [
    'error',
    { selector: 'ExportDefaultDeclaration', message: 'Named exports only: a name is the same everywhere.' },
    { selector: 'ExportAllDeclaration', message: 'List the exports by name: the public surface is reviewed.' },
  ],
}

function wallsOf(name, { neighbours, testNeighbours = [], outside }) {
  const strangers = Object.keys(walls).filter((other) => other !== name && !neighbours.includes(other))
  const strangersInTests = strangers.filter((other) => !testNeighbours.includes(other))
  const wall = (others) =>
    others.flatMap((other) => [scope + other, `${scope}${other}/*`]).length === 0
      ? []
      : [
          {
            group: others.flatMap((other) => [scope + other, `${scope}${other}/*`]),
            message: `tools/walls.js: ${name} does not know this neighbour.`,
          },
        ]
  const sdk = {
    group: ['@aws-sdk/*', '@smithy/*', ...outside.filter((name) => !pureLibraries.includes(name))],
    allowTypeImports: true,
    message: 'Only src/ports reaches outside.',
  }
  const effects = (modules) => modules.map((module) => ({ name: module, message: 'Only src/ports reaches outside.' }))
  const src = `packages/${name}/src`
  return [
    {
      files: [`${src}/**/*.ts`],
      ignores: [`${src}/ports/**`, `${src}/**/plan/**`],
      rules: {
        '@typescript-eslint/no-restricted-imports': [
          'error',
          { paths: effects(effectModules), patterns: [...wall(strangers), sdk] },
        ],
        ...defaultExports,
      },
    },
    {
      files: [`${src}/**/plan/**/*.ts`],
      rules: {
        '@typescript-eslint/no-restricted-imports': [
          'error',
          {
            paths: effects(impureModules),
            patterns: [
              ...wall(strangers),
              sdk,
              { group: ['**/ports/*'], allowTypeImports: true, message: 'A plan is pure.' },
            ],
          },
        ],
        'no-restricted-properties': [
          'error',
          { object: 'Date', property: 'now', message: 'A plan has no clock.' },
          { object: 'Math', property: 'random', message: 'A plan has no randomness.' },
        ],
        ...defaultExports,
      },
    },
    {
      files: [`${src}/ports/**/*.ts`],
      rules: {
        '@typescript-eslint/no-restricted-imports': ['error', { patterns: wall(strangers) }],
        ...defaultExports,
      },
    },
    {
      files: [`packages/${name}/test/**/*.ts`],
      rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: wall(strangersInTests) }] },
    },
  ]
}

export default tseslint.config(
  {
    ignores: [
      ...['**/dist/**', '**/node_modules/**', '**/.nx/**', '**/build/**', 'packages/*/test/{fixtures,vectors}/**'],
      // AssemblyScript: its own compiler looks at it.
      'packages/artifact-builder/kernel/*.ts',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['test'] }] },
      ],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['packages/*/src/**'],
    rules: { 'no-console': 'off' },
  },
  ...Object.entries(walls).flatMap(([name, wall]) => wallsOf(name, wall)),
  {
    files: ['**/*.config.ts', '*.config.ts', 'eslint.config.js'],
    rules: { 'no-restricted-syntax': 'off' },
  },
)
