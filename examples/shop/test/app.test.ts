import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createApp } from '../src/app.ts'

const commit = 'c'.repeat(40)
const release = mkdtempSync(join(tmpdir(), 'shop-test-'))
const server = createServer((request, response) => void createApp(release).then((app) => app(request, response)))
let url = ''

before(async () => {
  for (const name of ['.env', 'views', 'public']) {
    cpSync(new URL(`../${name}`, import.meta.url), join(release, name), { recursive: true })
  }
  for (const folder of ['.fairlead', 'config/jwt']) mkdirSync(join(release, folder), { recursive: true })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(join(release, '.fairlead/manifest.json'), JSON.stringify({ commit }))
  writeFileSync(join(release, '.env.local'), 'DATABASE_URL=mysql://db.test/shop\nMAX_ORDER_EUR=30\n')
  writeFileSync(join(release, 'config/jwt/private.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

after(() => {
  server.closeAllConnections()
  server.close()
  rmSync(release, { recursive: true })
})

const order = (product: string) => fetch(`${url}/orders`, { method: 'POST', body: JSON.stringify({ product }) })

test('the front page lists every product', async () => {
  const page = await (await fetch(url)).text()
  assert.match(page, /Dock rope, 10 m, 24 EUR/)
})

test('every answer names the commit that it came from', async () => {
  assert.equal((await fetch(`${url}/health`)).headers.get('x-release-commit'), commit)
})

test('an order within the limit of the environment is taken', async () => {
  assert.equal((await order('rope')).status, 201)
})

test('an order over the limit of the environment is refused', async () => {
  assert.equal((await order('lamp')).status, 422)
})

test('a session is signed with the key of the environment', async () => {
  const { token } = (await (await fetch(`${url}/sessions`, { method: 'POST' })).json()) as { token: string }
  assert.equal(token.split('.').length, 3)
})
