import { describe, expect, test } from 'vitest'
import { coreErrors, isDeployError } from '@fairlead/core'
import { planInjection, secret } from '../../src/index.ts'

const env = { name: '.env.local', dialect: 'symfony' as const, from: secret('shop/dev/env') }

describe('planInjection', () => {
  test('names each file and asks for each secret once, however many values it holds', () => {
    const plan = planInjection({
      envFile: {
        ...env,
        from: { A: secret('one', { key: 'a' }), B: secret('one', { key: 'b' }), C: 'literal', D: secret('two') },
      },
      files: { 'config/key.pem': secret('one', { versionStage: 'AWSPREVIOUS' }), 'two.bin': secret('two') },
    })
    expect(plan.secrets).toEqual([{ name: 'one' }, { name: 'two' }, { name: 'one', versionStage: 'AWSPREVIOUS' }])
    expect(plan.files.map(({ kind, path }) => [kind, path])).toEqual([
      ['env', '.env.local'],
      ['key-file', 'config/key.pem'],
      ['key-file', 'two.bin'],
    ])
  })

  test('is JSON-safe, and a plan of its JSON is the same plan', () => {
    const request = { envFile: env, files: { 'a/b': secret('x', { key: '', versionId: 'v' }) } }
    const plan = planInjection(request)
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    expect(planInjection(JSON.parse(JSON.stringify(request)) as typeof request)).toEqual(plan)
  })

  test('AWSCURRENT is what is read without a stage: one call for both', () => {
    const plan = planInjection({ files: { a: secret('x'), b: secret('x', { versionStage: 'AWSCURRENT' }) } })
    expect(plan.secrets).toEqual([{ name: 'x' }])
  })

  test.each([
    ['neither an environment file nor files', {}, 'INVALID_OPTION', 'envFile, files or both'],
    ['an unknown option of the environment file', { envFile: { ...env, expects: [] } }, 'UNKNOWN_OPTION', 'expects'],
    [
      'a dialect that does not exist',
      { envFile: { ...env, dialect: 'godotenv' } },
      'INVALID_OPTION',
      '"symfony" or "dotenv" or ',
    ],
    [
      'a dialect with the name of an object method',
      { envFile: { ...env, dialect: 'toString' } },
      'INVALID_OPTION',
      'dialect',
    ],
    ['null for a file list', { files: null }, 'INVALID_OPTION', 'files is null'],
    ['a text where the variables belong', { envFile: { ...env, from: 'x' } }, 'INVALID_OPTION', 'from is text'],
    [
      'one field where all variables belong',
      { envFile: { ...env, from: secret('x', { key: 'k' }) } },
      'INVALID_OPTION',
      'from.key',
    ],
    ['a number for a variable', { envFile: { ...env, from: { A: 1 } } }, 'INVALID_OPTION', 'from.A is a number'],
    [
      'a list with something else than names',
      { envFile: { ...env, expect: [1] } },
      'INVALID_OPTION',
      'expect is a list',
    ],
    ['an expectation outside', { envFile: { ...env, expect: '../.env' } }, 'TARGET_PATH_INVALID', '../.env'],
    ['a word for a flag', { envFile: { ...env, acceptIntegersAndBooleans: 'yes' } }, 'INVALID_OPTION', 'is text'],
    [
      'a name that the dialect does not take',
      { envFile: { ...env, from: { 'A-B': 'x' } } },
      'VARIABLE_NAME_INVALID',
      '"A-B"',
    ],
    [
      'the same path twice',
      { envFile: { ...env, name: 'a' }, files: { a: secret('x') } },
      'TARGET_PATH_INVALID',
      'named twice',
    ],
    [
      'a file where another needs a folder',
      { files: { a: secret('x'), 'a/b': secret('x') } },
      'TARGET_PATH_INVALID',
      'a/b needs a folder',
    ],
    ['a source of an empty name', { files: { a: { ...secret('x'), name: '' } } }, 'INVALID_OPTION', '.name is empty'],
    [
      'a name longer than AWS takes',
      { files: { a: { ...secret('x'), name: 'x'.repeat(2049) } } },
      'INVALID_OPTION',
      '2048',
    ],
  ])('refuses %s', (_what, request, code, part) => {
    const plan = () => planInjection(request as never)
    expect(plan).toThrow(expect.objectContaining({ code, message: expect.stringContaining(part) }))
  })

  test.each([
    '',
    '/etc/passwd',
    '..',
    'a/../b',
    './a',
    'a//b',
    'a/',
    'a\0b',
    '.fairlead-inject-x',
    'a/.fairlead-inject-',
  ])('refuses the path %j', (path) => {
    expect(() => planInjection({ files: { [path]: secret('x') } })).toThrow(
      expect.objectContaining({ code: 'TARGET_PATH_INVALID' }),
    )
  })

  test('what stands where a source belongs may be the secret itself, and is never quoted', () => {
    for (const misplaced of ['hunter2-hunter2', ['hunter2-hunter2'], { value: 'hunter2-hunter2' }]) {
      try {
        planInjection({ files: { a: misplaced as never } })
        expect.unreachable()
      } catch (error) {
        if (!isDeployError(error, coreErrors.INVALID_OPTION)) throw error
        expect(JSON.stringify(error)).not.toContain('hunter2')
      }
    }
  })
})

describe('secret', () => {
  test('holds names only, and only those that were given', () => {
    expect(secret('rds!cluster-1')).toEqual({ schema: 'fairlead/secret-source/1', name: 'rds!cluster-1' })
    expect(secret('x', { key: '', versionId: undefined })).toEqual({
      schema: 'fairlead/secret-source/1',
      name: 'x',
      key: '',
    })
  })

  test.each([
    ['', {}, 'INVALID_OPTION'],
    [undefined, {}, 'INVALID_OPTION'],
    ['x', { kee: 'a' }, 'UNKNOWN_OPTION'],
    ['x', { key: 1 }, 'INVALID_OPTION'],
    ['x', { versionId: '' }, 'INVALID_OPTION'],
    ['x', { versionStage: null }, 'INVALID_OPTION'],
  ])('secret(%j, %j) is refused', (name, options, code) => {
    expect(() => secret(name as string, options as never)).toThrow(expect.objectContaining({ code }))
  })
})
