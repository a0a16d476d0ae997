import { describe, expect, test } from 'vitest'
import { pageOfKeys } from '../../src/s3/operations/list.ts'
import { compareKeys } from '../../src/s3/order.ts'

describe('the order of keys', () => {
  test('is that of their bytes in UTF-8', () => {
    const keys = ['b', 'a', 'B', 'a/', 'a0', '', 'é', '\uffee', '\u{1f6a2}', '\ue000', '\ud7ff', 'aa']
    const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect([...keys].sort(compareKeys)).toEqual(byBytes)
  })
})

describe('a page of keys', () => {
  const keys = ['a', 'b/1', 'b/2', 'b/c/3', 'c', 'd/4']
  const all = { prefix: '', delimiter: '', after: '', limit: 1000 }

  test('holds every key in order', () => {
    expect(pageOfKeys(keys, all)).toMatchObject({ entries: keys.map((key) => ({ key })), truncated: false })
  })

  test('rolls keys up to the delimiter behind the prefix', () => {
    expect(pageOfKeys(keys, { ...all, delimiter: '/' }).entries).toEqual([
      { key: 'a' },
      { prefix: 'b/' },
      { key: 'c' },
      { prefix: 'd/' },
    ])
    expect(pageOfKeys(keys, { ...all, prefix: 'b/', delimiter: '/' }).entries).toEqual([
      { key: 'b/1' },
      { key: 'b/2' },
      { prefix: 'b/c/' },
    ])
  })

  test.each([1, 2, 3, 4])('continues where the one before ended, %i at a time', (limit) => {
    const entries: unknown[] = []
    let after = ''
    for (;;) {
      const page = pageOfKeys(keys, { ...all, delimiter: '/', after, limit })
      entries.push(...page.entries)
      if (!page.truncated) break
      after = page.last ?? ''
    }
    expect(entries).toEqual([{ key: 'a' }, { prefix: 'b/' }, { key: 'c' }, { prefix: 'd/' }])
  })

  test('is not truncated where it ends with the last key', () => {
    expect(pageOfKeys(keys, { ...all, limit: 6 })).toMatchObject({ truncated: false })
    expect(pageOfKeys(keys, { ...all, limit: 5 })).toMatchObject({ truncated: true, last: 'c' })
  })

  test('of nothing is empty and not truncated', () => {
    expect(pageOfKeys(keys, { ...all, limit: 0 })).toMatchObject({ entries: [], truncated: false })
  })
})
