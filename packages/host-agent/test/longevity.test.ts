import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runLifecycle } from '../src/run-lifecycle.ts'
import { bundleOf, deploymentRoot, makeDeployment, makeHost, serve } from './support/host.ts'

const appspec = 'files:\n  - {source: tree, destination: /srv/shop}\nhooks:\n  AfterInstall: [{location: a.sh}]\n'

/** The bug that this is for grows with the deployments; the long run makes as many as the work's bar says. */
const deployments = process.env['FAIRLEAD_LONG'] ? 200 : 30

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => lstatSync(join(folder, name)))
    .reduce((sum, facts) => sum + (facts.isFile() ? facts.size : 0), 0)
}

function childrenOf(pid: number): readonly string[] {
  const path = `/proc/${pid}/task/${pid}/children`
  try {
    return readFileSync(path, 'utf8').split(' ').filter(Boolean)
  } catch {
    return []
  }
}

const openFiles = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0)

test(`${deployments} deployments in a row: folders, memory, open files and processes level off`, async () => {
  const host = makeHost()
  const measured: { sizeBytes: number; files: number; heapBytes: number }[] = []
  const children = childrenOf(process.pid).length
  for (let number = 1; number <= deployments; number += 1) {
    const bundle = [
      ...bundleOf(appspec, { 'a.sh': 'echo deployed' }),
      { path: 'tree/index.html', content: `release ${number}` },
      { path: `tree/only-in-${number % 2}`, content: Buffer.alloc(20_000) },
    ]
    const deployment = makeDeployment({ deploymentId: `d-${number}` })
    const result = await runLifecycle(host, { deployment, fetchBundle: serve(bundle) })
    expect(`${number} ${result.status}`).toBe(`${number} Succeeded`)
    globalThis.gc?.()
    measured.push({ sizeBytes: sizeOf(host.folder), files: openFiles(), heapBytes: process.memoryUsage().heapUsed })
  }
  const half = measured.slice(measured.length / 2)
  const [first, last] = [half[0], half.at(-1)]
  if (!first || !last) throw new Error('nothing was measured')
  console.log(JSON.stringify({ deployments, first, last }))
  // The log of all deployments grows until it is put aside: three lines for each.
  expect(last.sizeBytes - first.sizeBytes).toBeLessThan(half.length * 400)
  expect(last.files - first.files).toBeLessThanOrEqual(2)
  expect(last.heapBytes - first.heapBytes).toBeLessThan(30_000_000)
  expect(childrenOf(process.pid).length).toBeLessThanOrEqual(children)
  expect(readdirSync(join(host.folder, deploymentRoot, 'group-1'))).toHaveLength(5)
}, 300_000)
