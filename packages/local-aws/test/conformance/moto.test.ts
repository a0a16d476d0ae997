import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { suite } from './all.ts'
import { differences, motoVersion } from './moto-differences.ts'
import { runCase, type Endpoint } from './suite.ts'

const cases = Object.values(suite).flat()

test('every difference to moto names a case of the suite', () => {
  const names = cases.map(({ name }) => name)
  expect(Object.keys(differences).filter((name) => !names.includes(name))).toEqual([])
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
      const failed: string[] = []
      for (const one of cases) {
        await runCase(one, endpoint).catch(() => failed.push(one.name))
      }
      console.log(`moto ${version}: ${cases.length - failed.length} of ${cases.length} cases pass; the others:`)
      for (const name of failed) {
        const document = cases.find((one) => one.name === name)?.document
        const { right, because } = differences[name] ?? { right: 'undecided', because: '' }
        console.log(`  ${right} is right: ${name}${because && ` (${because})`}\n    ${document}`)
      }
      expect(
        failed.filter((name) => !Object.hasOwn(differences, name)),
        'not decided yet',
      ).toEqual([])
      const passed = Object.keys(differences).filter((name) => !failed.includes(name))
      if (version === motoVersion) expect(passed, 'no difference any more').toEqual([])
    },
    10 * 60_000,
  )
}
