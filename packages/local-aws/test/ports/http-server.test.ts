import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SlowBodyError } from '../../src/http.ts'
import { startHttpServer } from '../../src/ports/http-server.ts'
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

describe('a body', () => {
  test('that stands still for too long is given up, and the caller is answered', async () => {
    const given: string[] = []
    const server = await startHttpServer({
      port: 0,
      idleMs: 50,
      handle: async ({ body }) => {
        try {
          await body.pour((piece) => void given.push(piece.toString()))
          return { status: 200, headers: {} }
        } catch (error) {
          return { status: 400, headers: {}, body: error instanceof SlowBodyError ? 'slow' : String(error) }
        }
      },
    })
    onTestFinished(server.close)
    const { port } = new URL(server.endpoint)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write('PUT / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf')
    const pieces: Buffer[] = []
    for await (const piece of socket as AsyncIterable<Buffer>) pieces.push(piece)
    expect(Buffer.concat(pieces).toString()).toMatch(/^HTTP\/1\.1 400 [^]*connection: close[^]*slow/i)
    expect(given).toEqual(['half'])
  })

  test('that comes in pieces comes whole, and one that is refused early does not cost the caller the answer', async () => {
    const server = await startHttpServer({
      port: 0,
      handle: async ({ body, rawPath }) => {
        let sizeBytes = 0
        if (rawPath === '/all') await body.pour((piece) => void (sizeBytes += piece.length))
        return { status: rawPath === '/all' ? 200 : 400, headers: {}, body: String(sizeBytes) }
      },
    })
    onTestFinished(server.close)
    const body = Buffer.alloc(3_000_000, 'x')
    const put = (path: string) => send(server.endpoint, { method: 'PUT', path, body })
    expect(await put('/all')).toMatchObject({ status: 200, text: '3000000' })
    expect(await put('/none')).toMatchObject({ status: 400, text: '0' })
  })
})
