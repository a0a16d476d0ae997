import { describe, expect, test } from 'vitest'
import { running, send } from '../running.ts'

describe('the Host of a request', () => {
  test.each(['127.0.0.1:PORT', '127.0.0.1', 'localhost:PORT', 'bucket.localhost:PORT', '[::1]:PORT', 'LOCALHOST'])(
    'may be %s',
    async (host) => {
      const { endpoint } = await running()
      const headers = { host: host.replace('PORT', new URL(endpoint).port) }
      // It is not signed, and gets as far as to be told so.
      expect((await send(endpoint, { path: '/', headers })).status).toBe(403)
    },
  )

  test.each([
    'attacker.example',
    'attacker.example:PORT',
    '127.0.0.1.attacker.example',
    'localhost.attacker.example',
    'notlocalhost',
    '127.0.0.1@attacker.example',
    '0.0.0.0',
    '169.254.169.254',
  ])('may not be %j, which a page in a browser could send', async (host) => {
    const { endpoint } = await running()
    const headers = { host: host.replace('PORT', new URL(endpoint).port) }
    const refused = await send(endpoint, { path: '/', headers })
    expect(refused.status).toBe(421)
    expect(refused.text).toContain('local-aws answers only requests whose Host is')
  })
})
