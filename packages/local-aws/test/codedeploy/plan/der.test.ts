import { describe, expect, test } from 'vitest'
import { context, integer, octets, oid, sequence, text, time } from '../../../src/codedeploy/plan/der.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('DER', () => {
  const rows: readonly (readonly [string, Uint8Array, string])[] = [
    ['a small integer', integer(new Uint8Array([1])), '020101'],
    ['an integer whose first bit would be a sign', integer(new Uint8Array([0x80])), '02020080'],
    ['an integer with leading zeros', integer(new Uint8Array([0, 0, 5])), '020105'],
    ['zero', integer(new Uint8Array([0])), '020100'],
    ['an object identifier with large arcs', oid('1.2.840.113549.1.7.2'), '06092a864886f70d010702'],
    ['a text', text('é'), '0c02c3a9'],
    ['a time', time(Date.UTC(2026, 10, 26, 1, 2, 3)), '170d3236313132363031303230335a'],
    ['a sequence', sequence(integer(new Uint8Array([1])), octets(new Uint8Array())), '30050201010400'],
    ['a tag of the context', context(3), 'a300'],
  ]
  for (const [title, bytes, expected] of rows) test(title, () => expect(hex(bytes)).toBe(expected))

  test('a length of 128 and more has a length of its own', () => {
    expect(hex(octets(new Uint8Array(127))).slice(0, 4)).toBe('047f')
    expect(hex(octets(new Uint8Array(128))).slice(0, 6)).toBe('048180')
    expect(hex(octets(new Uint8Array(65_536))).slice(0, 10)).toBe('0483010000')
  })
})
