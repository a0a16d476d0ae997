import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runLifecycle } from '../src/run-lifecycle.ts'
import { writeBundle } from './conformance/write-bundle.ts'
import { bundleOf, filesOf, makeDeployment, makeHost, serve } from './support/host.ts'

const appspec =
  'files:\n  - {source: tree, destination: /srv/shop}\npermissions:\n  - {object: /srv/shop, mode: "640", type: [file]}\n'
const release = (version: string) =>
  writeBundle(
    [
      ...bundleOf(appspec),
      { path: 'tree/index.html', content: version },
      { path: `tree/only-in-${version}`, content: version },
      { path: 'tree/sub/page.html', content: version },
    ],
    'zip',
  )
const events = ['DownloadBundle', 'Install'] as const

/** Every kill needs a process of its own; the long run tries every operation. */
const stride = process.env['FAIRLEAD_LONG'] ? 1 : 4

test('an agent that is killed at any operation of a deployment is put right by the next deployment', async () => {
  const first = serve(release('v1'))
  const second = release('v2')
  let killed = 0
  for (let operation = 1; ; operation += stride) {
    const host = makeHost()
    mkdirSync(join(host.folder, 'srv/shop'), { recursive: true })
    writeFileSync(join(host.folder, 'srv/shop/theirs.txt'), 'theirs')
    await runLifecycle(host, { deployment: makeDeployment({ deploymentId: 'd-1' }), fetchBundle: first, events })
    const bundle = join(host.folder, 'bundle.zip')
    writeFileSync(bundle, second)
    const program = join(import.meta.dirname, 'support/killed-agent.mjs')
    const input = { host, deployment: makeDeployment({ deploymentId: 'd-2' }), events, bundle, operation }
    const child = spawnSync(process.execPath, [program, JSON.stringify(input)], { encoding: 'utf8' })
    if (child.signal === 'SIGKILL') killed += 1
    else expect(`${child.status} ${child.stderr}`).toBe('0 ')

    const deployment = makeDeployment({ deploymentId: 'd-3' })
    const result = await runLifecycle(host, { deployment, fetchBundle: serve(second) })
    expect(`operation ${operation}: ${result.status} ${result.events.at(-1)?.message}`).toBe(
      `operation ${operation}: Succeeded Succeeded`,
    )
    expect(filesOf(host)).toEqual([
      'bundle.zip',
      'srv',
      'srv/shop',
      'srv/shop/index.html',
      'srv/shop/only-in-v2',
      'srv/shop/sub',
      'srv/shop/sub/page.html',
      'srv/shop/theirs.txt',
    ])
    expect(readFileSync(join(host.folder, 'srv/shop/index.html'), 'utf8')).toBe('v2')
    if (child.status === 0) break
  }
  expect(killed).toBeGreaterThan(8)
}, 120_000)
