import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { casesOfGroups, holdTo, unknownCases } from './held-to.ts'
import { differences, motoVersion } from './moto-differences.ts'
import type { Endpoint } from './suite.ts'

test('every difference to moto names a case of the suite', () => {
  expect(unknownCases(differences)).toEqual([])
})

/** A moto of its own on a free port of 127.0.0.1, as `.ci/run` found it in the machine's Python. */
async function startMoto(): Promise<{ readonly endpoint: Endpoint; readonly version: string }> {
  const source = [
    'import sys, moto',
    'from moto.server import ThreadedMotoServer',
    'server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)',
    'server.start()',
    'print(moto.__version__, server.get_host_and_port()[1], flush=True)',
    'sys.stdin.read()',
  ]
  const child = spawn('python3', ['-c', source.join('\n')], { stdio: ['pipe', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill())
  for await (const line of createInterface({ input: child.stdout })) {
    const [version = '', port = ''] = line.split(' ')
    const url = `http://127.0.0.1:${port}`
    const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'anything' }
    return { version, endpoint: { s3: url, secretsManager: url, region: 'us-east-1', credentials } }
  }
  throw new Error('moto did not start')
}

if (process.env['FAIRLEAD_MOTO']) {
  test(
    'moto passes what it passed before, and who is right about the rest is decided',
    async () => {
      const { endpoint, version } = await startMoto()
      const decidedWith = motoVersion
      await holdTo(
        { name: 'moto', version, endpoint, differences, decidedWith },
        casesOfGroups(() => true),
      )
    },
    10 * 60_000,
  )
}
