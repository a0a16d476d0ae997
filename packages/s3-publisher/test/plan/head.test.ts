import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeHead, encodeHead } from '../../src/plan/head.ts'

describe('a head as an object of S3', () => {
  test('comes back as it was written, whatever its value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uuid(), (value, token) => {
        expect(decodeHead(encodeHead({ value, token }))).toEqual({ value, token })
      }),
    )
  })

  test('may hold what looks like a token', () => {
    const value = encodeHead({ value: 'x', token: '0-0' })
    expect(decodeHead(encodeHead({ value, token: 'a-b' }))).toEqual({ value, token: 'a-b' })
  })

  test('is JSON texts one after the other where its value is JSON', () => {
    const text = encodeHead({ value: JSON.stringify({ a: 1 }, null, 2), token: 'f00' })
    expect(JSON.parse(text.slice(text.trimEnd().lastIndexOf('\n')))).toBe('swap:f00')
  })

  test.each(['', '{}', '{}\n', '{}\n"swap:"\n', '{}\n"swap:f00"'])('is not %j, which somebody else wrote', (text) => {
    expect(decodeHead(text)).toBeUndefined()
  })
})
