import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '@fairlead/test-support'
import { expect, onTestFinished, test } from 'vitest'
import { casesOfGroups, holdTo, unknownCases } from './held-to.ts'
import { differences, radosgwVersion } from './radosgw-differences.ts'
import type { Endpoint } from './suite.ts'

test('every difference to radosgw names a case of the suite', () => {
  expect(unknownCases(differences)).toEqual([])
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A Ceph of its own, in memory; its Secrets Manager does not exist. */
async function startRadosgw(): Promise<{ readonly endpoint: Endpoint; readonly version: string }> {
  const [mon, gateway] = [await freePort(), await freePort()]
  const credentials = { accessKeyId: 'CONFORMANCEKEY', secretAccessKey: randomBytes(20).toString('hex') }
  const script = fileURLToPath(new URL('start-radosgw.sh', import.meta.url))
  const args = [temporaryFolder(), String(mon), String(gateway), credentials.accessKeyId, credentials.secretAccessKey]
  const child = spawn(script, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    const exited = once(child, 'exit')
    child.stdin.end()
    await exited
  })
  for await (const version of createInterface({ input: child.stdout })) {
    const s3 = `http://127.0.0.1:${gateway}`
    return { version, endpoint: { s3, secretsManager: 'http://127.0.0.1:9', region: 'us-east-1', credentials } }
  }
  throw new Error('radosgw did not start')
}

if (process.env['FAIRLEAD_RADOSGW']) {
  test(
    'radosgw passes what it passed before, and who is right about the rest is decided',
    async () => {
      const { endpoint, version } = await startRadosgw()
      const cases = casesOfGroups((group) => group !== 'Secrets Manager')
      await holdTo({ name: 'radosgw', version, endpoint, differences, decidedWith: radosgwVersion }, cases)
    },
    15 * 60_000,
  )
}
