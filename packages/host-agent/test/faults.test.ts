import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { FetchBundle } from '../src/model.ts'
import { recoverHost } from '../src/recover-host.ts'
import type { CommandCompletion } from '../src/run-host-command.ts'
import { runLifecycle } from '../src/run-lifecycle.ts'
import { writeBundle } from './conformance/write-bundle.ts'
import { bundleOf, deploymentRoot, makeDeployment, makeHost, serve } from './support/host.ts'

const files = 'files:\n  - {source: tree, destination: /srv/shop}\n'
const release = (version: string, appspec = files) => [
  ...bundleOf(appspec),
  { path: 'tree/index.html', content: version },
]

/** After a fault, the next deployment has to work on the same host. */
async function deployAgain(host: ReturnType<typeof makeHost>): Promise<void> {
  const deployment = makeDeployment({ deploymentId: 'd-9' })
  const result = await runLifecycle(host, { deployment, fetchBundle: serve(release('v9')) })
  expect(`${result.status} ${result.events.at(-1)?.message}`).toBe('Succeeded Succeeded')
  expect(readFileSync(join(host.folder, 'srv/shop/index.html'), 'utf8')).toBe('v9')
}

describe('an agent that is killed while a script runs', () => {
  test('reports the event as failed when it starts again, lets the script run on, and deploys again', async () => {
    const host = makeHost()
    mkdirSync(host.folder, { recursive: true })
    const bundle = join(host.folder, 'bundle.zip')
    const script = 'echo begun > begun; sleep 1; echo ended > ended'
    writeFileSync(
      bundle,
      writeBundle(bundleOf('hooks: {AfterInstall: [{location: a.sh}]}\n', { 'a.sh': script }), 'zip'),
    )
    for (const event of ['DownloadBundle', 'AfterInstall']) {
      const job = join(host.folder, 'job.json')
      const specification = {
        format: 'PKCS7/JSON',
        payload: JSON.stringify({
          DeploymentId: 'd-1',
          DeploymentGroupId: 'group-1',
          DeploymentGroupName: 'dev',
          ApplicationName: 'shop',
          Revision: { RevisionType: 'S3', S3Revision: { Bucket: 'b', Key: 'k', BundleType: 'zip' } },
        }),
      }
      const command = { id: `d-1/${event}`, name: event, specification }
      writeFileSync(job, JSON.stringify({ host, command, bundle, reply: 'InProgress' }))
      const program = join(import.meta.dirname, 'conformance/agent-process.mjs')
      const child = spawn(process.execPath, [program, job], { stdio: ['ignore', 'pipe', 'inherit'] })
      for await (const line of createInterface(child.stdout)) {
        if (event === 'DownloadBundle' || !line.includes('noop')) continue
        while (!existsSync(join(host.folder, 'begun'))) await wait(20)
        child.kill('SIGKILL')
      }
    }
    const told: { id: string; completion: CommandCompletion }[] = []
    const service = { complete: (id: string, completion: CommandCompletion) => Promise.resolve(void told.push({ id, completion })) } // prettier-ignore
    expect(await recoverHost(host, { service })).toBe('d-1/AfterInstall')
    expect(told).toMatchObject([
      { id: 'd-1/AfterInstall', completion: { status: 'Failed', diagnostics: { error_code: 7, script_name: '' } } },
    ])
    // Once is enough: what was reported is forgotten.
    expect(await recoverHost(host, { service })).toBeUndefined()
    while (!existsSync(join(host.folder, 'ended'))) await wait(20)
    await deployAgain(host)
  }, 60_000)
})

describe('a store on the network', () => {
  let address = ''
  let hang: (() => void) | undefined
  const server = createServer((request, response) => {
    if (request.url === '/500') response.writeHead(500).end('<Error><Code>InternalError</Code></Error>')
    else if (request.url === '/stall') {
      response.writeHead(200, { 'content-length': '1000000' })
      response.write(Buffer.alloc(1000))
      hang?.()
    } else {
      response.writeHead(200, { 'content-length': '1000000' })
      response.write(Buffer.alloc(1000), () => response.destroy())
    }
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const from =
    (path: string): FetchBundle =>
    async (_revision, { signal }) => {
      const response = await fetch(address + path, { signal: signal ?? null })
      if (!response.ok || !response.body) throw new Error(`the store answered ${response.status}`)
      return { eTag: undefined, body: response.body as unknown as AsyncIterable<Uint8Array> }
    }

  test.each([
    ['answers 500', '/500', /^the store answered 500$/],
    ['breaks off', '/cut', /terminated|aborted|closed/i],
  ])('that %s fails DownloadBundle, and the next deployment works', async (_name, path, words) => {
    const host = makeHost()
    const result = await runLifecycle(host, { deployment: makeDeployment(), fetchBundle: from(path) })
    expect(result.events.at(-1)).toMatchObject({ event: 'DownloadBundle', code: 'UnknownError', wireCode: 5 })
    expect(result.events.at(-1)?.message).toMatch(words)
    await deployAgain(host)
  })

  test('that stalls is given up when the caller cancels, and the next deployment works', async () => {
    const host = makeHost()
    const controller = new AbortController()
    const reason = new Error('enough')
    hang = () => controller.abort(reason)
    const options = { deployment: makeDeployment(), fetchBundle: from('/stall'), signal: controller.signal }
    await expect(runLifecycle(host, options)).rejects.toBe(reason)
    await deployAgain(host)
  })
})

describe('a bundle that is not what it should be', () => {
  const zip = writeBundle(release('v1'), 'zip')
  const damaged = Buffer.from(zip)
  damaged.fill(0xff, 40, 80)

  test.each<[string, Uint8Array, object, RegExp]>([
    ['whose bytes are damaged', damaged, {}, /CRC|invalid|signature|mismatch/i],
    ['that is cut off', zip.subarray(0, zip.length - 30), {}, /end of central directory/i],
    [
      'with another ETag',
      zip,
      { eTag: '"other"' },
      /^Expected deployment artifact bundle etag "other" but was actually "abc123"$/,
    ],
  ])('%s fails DownloadBundle, and the next deployment works', async (_name, bytes, revision, words) => {
    const host = makeHost()
    const deployment = makeDeployment({ revision: { bucket: 'b', key: 'k', bundleType: 'zip', ...revision } })
    const result = await runLifecycle(host, { deployment, fetchBundle: serve(bytes) })
    expect(result.events.at(-1)).toMatchObject({ event: 'DownloadBundle', status: 'Failed', wireCode: 5 })
    expect(result.events.at(-1)?.message).toMatch(words)
    await deployAgain(host)
  })
})

/** A file system of one megabyte needs root, and a kernel that lets it be mounted. */
async function mountSmallDisk(folder: string): Promise<boolean> {
  mkdirSync(folder, { recursive: true })
  const run = (command: string, ...args: string[]) =>
    new Promise<boolean>((resolve) => {
      const child = spawn(command, args, { stdio: 'ignore' })
      child.once('error', () => resolve(false))
      child.once('exit', (code) => resolve(code === 0))
    })
  if (!(await run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder))) return false
  onTestFinished(async () => void (await run('umount', folder)))
  return true
}

describe('a disk that is full', () => {
  test.for(['DownloadBundle', 'Install'] as const)(
    'fails %s, and the next deployment works',
    async (event, context) => {
      const host = makeHost()
      if (!(await mountSmallDisk(host.folder))) {
        // Without a disk of its own: a store whose bytes end with the system's own error.
        if (event === 'Install') return context.skip()
        const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
          code: 'ENOSPC',
          syscall: 'write',
        })
        const result = await runLifecycle(host, {
          deployment: makeDeployment(),
          fetchBundle: () => Promise.reject(full),
        })
        expect(result.events.at(-1)).toMatchObject({ event, status: 'Failed', wireCode: 5 })
        return deployAgain(host)
      }
      // Compressed it fits twice; unpacked and copied it does not.
      const bytes = event === 'DownloadBundle' ? 2_000_000 : 450_000
      const big = [...release('v1'), { path: 'tree/big', content: Buffer.alloc(bytes) }]
      const result = await runLifecycle(host, {
        deployment: makeDeployment({ revision: { bucket: 'b', key: 'k', bundleType: 'tgz' } }),
        fetchBundle: serve(big, 'tgz'),
        ...(event === 'Install' ? { events: ['DownloadBundle', 'Install'] as const } : {}),
      })
      if (event === 'DownloadBundle') {
        expect(result.events.at(-1)).toMatchObject({ event, message: 'Error extracting tar archive: 2', wireCode: 5 })
      } else {
        // 450 kB unpacked and as much installed: 900 kB of the megabyte, so that a second file does not fit.
        const more = [...release('v2'), { path: 'tree/big', content: Buffer.alloc(150_000) }]
        const second = await runLifecycle(host, {
          deployment: makeDeployment({ deploymentId: 'd-2', revision: { bucket: 'b', key: 'k', bundleType: 'tgz' } }),
          fetchBundle: serve([...more, { path: 'tree/other', content: Buffer.alloc(300_000) }], 'tgz'),
          events: ['DownloadBundle', 'Install'],
        })
        expect(second.events.at(-1)).toMatchObject({ status: 'Failed', wireCode: 5 })
      }
      // A real host is stuck as long as nobody makes room: the files of a failed deployment stay until they are pruned.
      const failed = event === 'Install' ? 'd-2' : 'd-1'
      rmSync(join(host.folder, deploymentRoot, 'group-1', failed), { recursive: true })
      await deployAgain(host)
    },
  )
})
