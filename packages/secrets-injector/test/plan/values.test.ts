import { describe, expect, test } from 'vitest'
import { secret } from '../../src/index.ts'
import type { PlannedFile } from '../../src/model.ts'
import { contentOf, variablesOf } from '../../src/plan/values.ts'
import { secretValue } from '../../src/secret-value.ts'

type EnvFile = Extract<PlannedFile, { kind: 'env' }>
const file: EnvFile = {
  kind: 'env',
  path: '.env',
  dialect: 'symfony',
  from: secret('s'),
  parameters: {},
  defaults: {},
  acceptIntegersAndBooleans: false,
  acceptNestedJson: false,
}

function revealed(value: string | Uint8Array, change: Partial<EnvFile> = {}) {
  return variablesOf({ ...file, ...change }, () => secretValue('s', value)).map(({ name, value }) => [
    name,
    value.reveal(),
  ])
}

describe('the variables of an environment file', () => {
  test('are the fields of one secret, sorted, the empty text among them', () => {
    expect(revealed('{"B":"2","A":"1","C":""}')).toEqual([['A', '1'], ['B', '2'], ['C', '']]) // prettier-ignore
  })

  test('are what a map names: fields, whole secrets and plain text', () => {
    const from = {
      WHOLE: secret('s'),
      FIELD: secret('s', { key: 'a' }),
      TEXT: 'plain',
      EMPTY_KEY: secret('s', { key: '' }),
    }
    expect(Object.fromEntries(revealed('{"a":"1","":"2"}', { from }))).toEqual({
      WHOLE: '{"a":"1","":"2"}',
      FIELD: '1',
      TEXT: 'plain',
      EMPTY_KEY: '2',
    })
  })

  test.each([
    ['true', 'true'],
    ['false', 'false'],
    ['0', '0'],
    ['-3306', '-3306'],
    ['9007199254740991', '9007199254740991'],
  ])('%s is written as it stands, where that is asked for', (json, text) => {
    expect(revealed(`{"A":${json}}`, { acceptIntegersAndBooleans: true })).toEqual([['A', text]])
    expect(() => revealed(`{"A":${json}}`)).toThrow(expect.objectContaining({ code: 'SECRET_FIELD_NOT_TEXT' }))
  })

  test.each([
    ['null', 'null'],
    ['{}', 'an object'],
    ['["x"]', 'a list'],
    ['1.5', 'a number that is not whole or above 2^53'],
    ['9007199254740993', 'a number that is not whole or above 2^53'],
  ])('%s is never written', (json, found) => {
    const accepting = () => revealed(`{"A":${json}}`, { acceptIntegersAndBooleans: true })
    expect(accepting).toThrow(
      expect.objectContaining({ code: 'SECRET_FIELD_NOT_TEXT', context: expect.objectContaining({ found }) }),
    )
  })

  test.each([
    ['text', 'hunter2', 'text that is not JSON'],
    ['a list', '["hunter2"]', 'JSON, but a list'],
    ['a string', '"hunter2"', 'JSON, but text'],
    ['null', 'null', 'JSON, but null'],
  ])('%s is no object of fields', (_what, value, found) => {
    expect(() => revealed(value)).toThrow(
      expect.objectContaining({ code: 'SECRET_NOT_JSON', context: { secret: 's', file: '.env', found } }),
    )
  })

  test('a field that is missing is named, with the nearest', () => {
    const from = { A: secret('s', { key: 'PASWORD' }) }
    expect(() => revealed('{"PASSWORD":"x"}', { from })).toThrow(
      expect.objectContaining({ code: 'SECRET_KEY_MISSING', hint: 'Did you mean "PASSWORD"?' }),
    )
    expect(() => revealed('{}', { from: { A: secret('s', { key: 'toString' }) } })).toThrow(
      expect.objectContaining({ code: 'SECRET_KEY_MISSING' }),
    )
  })

  test('a binary secret has no fields and is no text', () => {
    expect(() => revealed(Buffer.from('{}'))).toThrow(expect.objectContaining({ code: 'SECRET_IS_BINARY' }))
    expect(() => revealed(Buffer.from('x'), { from: { A: secret('s') } })).toThrow(
      expect.objectContaining({ code: 'SECRET_IS_BINARY' }),
    )
  })

  test('a field whose name the dialect does not take is refused', () => {
    expect(() => revealed('{"a-b":"x"}')).toThrow(expect.objectContaining({ code: 'VARIABLE_NAME_INVALID' }))
    expect(() => revealed('{"__proto__":"x"}', { dialect: 'dotenv' })).toThrow(
      expect.objectContaining({ code: 'VARIABLE_NAME_INVALID' }),
    )
  })
})

describe('the content of a file of its own', () => {
  const at = (source: ReturnType<typeof secret>) => ({ kind: 'key-file' as const, path: 'k', source })
  test('is the whole secret, text or binary, or a field', () => {
    expect(contentOf(at(secret('s')), () => secretValue('s', 'text')).reveal()).toBe('text')
    expect(contentOf(at(secret('s')), () => secretValue('s', new Uint8Array([0]))).reveal()).toEqual(
      new Uint8Array([0]),
    )
    expect(contentOf(at(secret('s', { key: 'k' })), () => secretValue('s', '{"k":"v"}')).reveal()).toBe('v')
  })

  test('a number is no content', () => {
    expect(() => contentOf(at(secret('s', { key: 'k' })), () => secretValue('s', '{"k":1}'))).toThrow(
      expect.objectContaining({ code: 'SECRET_FIELD_NOT_TEXT' }),
    )
  })
})
