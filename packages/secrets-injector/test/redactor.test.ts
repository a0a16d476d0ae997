import { canary } from '@fairlead/test-support'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redactor, secretValue } from '../src/index.ts'

const { value: planted, leaksInto } = canary(24)
const pem = `-----BEGIN KEY-----\n${planted}\n${planted.slice(0, 9)}+/=\n-----END KEY-----\n`

describe('a redactor', () => {
  const redact = redactor([secretValue('token', `pa ss/${planted}"&`), secretValue('pem', pem)])

  test.each<[string, string]>([
    ['as it stands', `pa ss/${planted}"&`],
    ['in base64', Buffer.from(`pa ss/${planted}"&`).toString('base64')],
    ['URL-encoded', encodeURIComponent(`pa ss/${planted}"&`)],
    ['as a form sends it', new URLSearchParams({ x: `pa ss/${planted}"&` }).toString()],
    ['in JSON', JSON.stringify({ x: `pa ss/${planted}"&` })],
    ['whole, over several lines', pem],
    ['line by line', `error near ${planted.slice(0, 9)}+/=`],
    ['in hexadecimal', Buffer.from(pem).toString('hex')],
  ])('takes a secret out %s', (_how, text) => {
    const shown = redact(`before ${text} after`)
    expect(leaksInto(shown)).toBe(false)
    expect(shown).not.toContain(text)
    expect(shown).toMatch(/^before .*\[secret (?:token|pem)\].* after$/s)
  })

  test('finds a value in base64 wherever it begins in a longer text', () => {
    const value = 'correct horse battery'
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 7 }), fc.uint8Array({ maxLength: 7 }), (before, after) => {
        const encoded = Buffer.concat([before, Buffer.from(value), after]).toString('base64')
        expect(redactor([secretValue('x', value)])(encoded)).toContain('[secret x]')
      }),
    )
  })

  test('takes the longer of two out first, and leaves pieces of ordinary words', () => {
    const both = redactor([
      secretValue('short', 'horse'),
      secretValue('long', 'horse battery'),
      secretValue('tiny', 'e'),
    ])
    expect(both('a horse, a horse battery, we')).toBe('a [secret short], a [secret long], we')
  })

  test('of nothing changes nothing', () => {
    expect(redactor([])('a.*b')).toBe('a.*b')
  })
})
