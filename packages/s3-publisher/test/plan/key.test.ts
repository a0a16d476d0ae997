import { artifactKey, commitRecordKey, ledgerEntryKey, ledgerHeadKey } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { compareKeys, faultOfKey, faultOfPrefix } from '../../src/plan/key.ts'

const target = { account: '123456789012', region: 'eu-central-1', application: '.shop & co', deploymentGroup: 'dev/1' }

describe('a key of a store', () => {
  test.each([
    artifactKey({ sha256: 'a'.repeat(64), format: 'zip' }),
    commitRecordKey('4'.repeat(40)),
    ledgerHeadKey(target),
    ledgerEntryKey(target, 7),
    'a/.b',
    'a...b',
    'ünïcode/ключ',
  ])('may be %s', (key) => {
    expect(faultOfKey(key)).toBeUndefined()
  })

  test.each([
    ['empty text', '', 'empty'],
    ['an absolute path', '/a', 'begins with /'],
    ['a path that leaves the store', 'a/../../b', '".."'],
    ['a path with an empty part', 'a//b', '""'],
    ['a path that ends with a slash', 'a/', '""'],
    ['a folder of the store itself', '.heads/x', 'dot'],
    ['a backslash', 'a\\..\\b', 'backslash'],
    ['a control character', 'a\0b', 'control'],
    ['more than 1024 bytes', 'ü'.repeat(513), '1024'],
    ['a number', 7 as unknown as string, 'text'],
  ])('is not %s', (_name, key, reason) => {
    expect(faultOfKey(key)).toContain(reason)
  })

  test.each(['', 'a', 'a/', 'a/b', 'ledger/-/'])('may begin with %j', (prefix) => {
    expect(faultOfPrefix(prefix)).toBeUndefined()
  })

  test.each(['/', '../', 'a/../', 'a//', '.heads/'])('never begins with %j', (prefix) => {
    expect(faultOfPrefix(prefix)).toBeDefined()
  })

  test('sorts by its bytes in UTF-8', () => {
    expect(['\u{1F600}', '\u{FF5E}', 'b', 'a/1', 'a-1'].sort(compareKeys)).toEqual([
      'a-1',
      'a/1',
      'b',
      '\u{FF5E}',
      '\u{1F600}',
    ])
  })
})
