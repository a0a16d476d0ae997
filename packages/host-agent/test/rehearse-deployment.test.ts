import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isDeployError } from '@fairlead/core'
import { temporaryFolder, withTools } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { hostAgentErrors } from '../src/errors.ts'
import { formatRehearsal } from '../src/plan/rehearsal-report.ts'
import { planRehearsal } from '../src/plan/rehearsal.ts'
import { readRevision } from '../src/read-revision.ts'
import { rehearseDeployment } from '../src/rehearse-deployment.ts'
import { writeBundle } from './conformance/write-bundle.ts'
import { bundleOf } from './support/host.ts'

const hooks = 'hooks:\n  ApplicationStop: [{location: stop.sh}]\n  AfterInstall: [{location: after.sh}]\n'
const files = 'files:\n  - {source: tree, destination: /srv/shop}\n'

/** A bundle in a folder: its AppSpec, scripts and files. */
function folderOf(appspec: string, scripts: Record<string, string>, tree: Record<string, string>): string {
  const folder = join(temporaryFolder(), 'bundle')
  for (const { path, content = '', mode } of bundleOf(appspec, scripts)) write(folder, path, content.toString(), mode)
  for (const [path, content] of Object.entries(tree)) write(folder, path, content)
  return folder
}

function write(folder: string, path: string, content: string, mode?: number): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), content)
  if (mode !== undefined) chmodSync(join(folder, path), mode)
}

const v1 = () =>
  folderOf(files + hooks, { 'stop.sh': 'echo stop v1', 'after.sh': ':' }, { 'tree/a': '1', 'tree/only-1': '1' })
const v2 = (after = ':') =>
  folderOf(files + hooks, { 'stop.sh': 'echo stop v2', 'after.sh': after }, { 'tree/a': '2', 'tree/only-2': '2' })

/** Of the tests' own: scripts that do nothing bad may run as whoever runs the tests. */
const open = { sandbox: 'none', asRoot: true } as const

describe('a rehearsal', () => {
  test('says whose stop script runs, which files vanish, change and appear, and comes back', async () => {
    const report = await rehearseDeployment(v2(), { previous: v1(), ...open })
    expect(report.status).toBe('Succeeded')
    expect(report.deployments.map(({ role, status }) => `${role} ${status}`)).toEqual([
      'previous Succeeded',
      'next Succeeded',
      'rollback Succeeded',
    ])
    const [, next] = report.deployments
    const [stop] = next?.events ?? []
    expect(stop?.scripts).toEqual([
      { location: 'stop.sh', from: 'previous', lines: [{ stream: 'stdout', line: 'stop v1' }] },
    ])
    const install = next?.events.find(({ result }) => result.event === 'Install')
    expect(install?.changes).toEqual([
      { path: '/srv/shop/a', change: 'changes', type: 'file', what: ['content'] },
      { path: '/srv/shop/only-1', change: 'vanishes', type: 'file' },
      { path: '/srv/shop/only-2', change: 'appears', type: 'file' },
    ])
    expect(report.hazards.map(({ rule }) => rule)).toEqual(['no-sandbox'])
    const text = formatRehearsal(report).join('\n')
    expect(text).toContain('    runs stop.sh of the previous revision\n      stop v1')
    expect(text).toContain('    - /srv/shop/only-1')
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  })

  test('finds that a clash strands the host: the old release is gone and nothing takes its place', async () => {
    const folder = join(temporaryFolder(), 'host')
    write(folder, 'srv/shop/only-2', 'theirs')
    const report = await rehearseDeployment(v2(), { previous: v1(), folder, ...open })
    expect(report.status).toBe('Failed')
    const stranded = report.hazards.find(({ rule }) => rule === 'host-left-empty')
    expect(stranded).toMatchObject({ severity: 'error', event: 'Install', paths: ['/srv/shop/a', '/srv/shop/only-1'] })
    expect(report.deployments.at(-1)).toMatchObject({ role: 'rollback', status: 'Succeeded' })
    expect(readFileSync(join(folder, 'srv/shop/only-2'), 'utf8')).toBe('theirs')
  })

  test('finds what a rollback leaves behind, and that a failed revision supplies the next stop script', async () => {
    const next = v2('touch srv/shop/cache; exit 1')
    const report = await rehearseDeployment(next, { previous: v1(), ...open })
    const rules = report.hazards.map(({ rule }) => rule)
    expect(rules).toEqual(expect.arrayContaining(['event-failed', 'failed-revision-supplies-next-stop']))
    expect(report.hazards.find(({ rule }) => rule === 'rollback-incomplete')?.paths).toEqual([
      '/srv/shop/cache appears',
    ])
  })

  test('finds that a broken stop script blocks every later deployment', async () => {
    const broken = folderOf(hooks, { 'stop.sh': 'exit 1', 'after.sh': ':' }, {})
    const report = await rehearseDeployment(v2(), { previous: broken, ...open })
    expect(report.hazards.map(({ rule }) => rule)).toContain('stop-blocks-later-deployments')
  })

  test('carries the findings of the AppSpec, and tells what it did not show', async () => {
    const odd = folderOf('hooks:\n  AfterInstal: [{location: a.sh}]\n  AfterInstall: [{location: a.sh, runas: www}]\n', { 'a.sh': ':' }, {}) // prettier-ignore
    const { hazards } = await rehearseDeployment(odd, { sandbox: 'none', asRoot: true })
    expect(hazards.map(({ rule, message }) => `${rule} ${message}`).join('\n')).toMatch(/AfterInstal.*unknown-event/)
  })

  test.each(['zip', 'tar', 'tgz'] as const)('takes a %s as well as a folder', async (format) => {
    const path = join(temporaryFolder(), `bundle.${format}`)
    const entries = [...bundleOf(files), { path: 'tree/a', content: 'a' }]
    writeFileSync(path, writeBundle(entries, format))
    const report = await rehearseDeployment(path, open)
    expect(report.status).toBe('Succeeded')
    expect(report.deployments[0]?.events.flatMap(({ changes }) => changes.map((change) => change.path))).toContain(
      '/srv/shop/a',
    )
  })

  test('makes the host’s folder where it is not there yet, and keeps it', async () => {
    const folder = join(temporaryFolder(), 'a/host')
    expect((await rehearseDeployment(v1(), { folder, ...open })).folder).toBe(folder)
    expect(readFileSync(join(folder, 'srv/shop/a'), 'utf8')).toBe('1')
  })

  test('refuses what is no bundle, before anything runs', async () => {
    await expect(rehearseDeployment('/no/such/bundle', open)).rejects.toSatisfy((error) =>
      isDeployError(error, hostAgentErrors.HOST_BUNDLE_UNREADABLE),
    )
    await expect(rehearseDeployment(v1(), { profil: 'x' } as never)).rejects.toThrow(/profil/)
  })

  test('does not run scripts as root without a sandbox unless that was asked for', async (context) => {
    if (process.getuid?.() !== 0) return context.skip()
    await expect(rehearseDeployment(v1(), { sandbox: 'none' })).rejects.toSatisfy((error) =>
      isDeployError(error, hostAgentErrors.HOST_REHEARSAL_REFUSED),
    )
  })
})

describe('with bubblewrap', () => {
  withTools(['bwrap'], 'scripts see the host in the place of the machine, and cannot change the machine', async () => {
    const outside = join(temporaryFolder(), 'outside')
    const script = [
      'test "$(cat /srv/shop/a)" = 2 && echo sees the host',
      'echo made > /srv/made',
      `echo bad > ${outside} && echo wrote`,
      'touch /usr/fairlead-rehearsal || echo read-only',
      'test "$(id -u)" = 0 && echo root || echo nobody',
    ].join('\n')
    const report = await rehearseDeployment(v2(script), { sandbox: 'require' })
    const after = report.deployments[0]?.events.find(({ result }) => result.event === 'AfterInstall')
    const lines = after?.scripts[0]?.lines.filter(({ stream }) => stream === 'stdout').map(({ line }) => line)
    expect(report.sandbox).toBe('bubblewrap')
    expect(lines).toEqual(['sees the host', 'read-only', 'nobody'])
    expect(after?.changes).toEqual([{ path: '/srv/made', change: 'appears', type: 'file' }])
    expect(existsSync(outside)).toBe(false)
  })
})

describe('a plan', () => {
  test('says without running a script whose scripts run, what is deleted, and what comes', async () => {
    const facts = { previous: await readRevision(v1()), next: await readRevision(v2('exit 1')) }
    const { events, hazards } = planRehearsal(facts)
    expect(hazards).toEqual([])
    expect(events[0]).toMatchObject({ event: 'ApplicationStop', scripts: [{ location: 'stop.sh', from: 'previous' }] })
    const install = events.find(({ event }) => event === 'Install')
    expect(install?.deletes).toEqual(['/srv/shop/only-1', '/srv/shop/a', '/srv/shop', '/srv'])
    expect(
      install?.instructions.map((step) =>
        'destination' in step ? step.destination : 'directory' in step ? step.directory : step.type,
      ),
    ).toEqual(['/srv', '/srv/shop', '/srv/shop/a', '/srv/shop/only-2'])
  })

  test('finds the clash that strands the host, and the script that is missing', async () => {
    const next = await readRevision(
      folderOf(`${files}hooks:\n  AfterInstall: [{location: no.sh}]\n`, {}, { 'tree/a': '' }),
    )
    const clash = planRehearsal({ previous: await readRevision(v1()), next, present: { '/srv/shop/a': 'file' } })
    // What the previous revision installed is its own; what a stranger put there is in the way.
    expect(clash.events.at(-1)?.failure).toMatch(/Script does not exist/)
    const stranger = planRehearsal({ next, present: { '/srv/shop/a': 'file' } })
    expect(stranger.events.at(-1)).toMatchObject({ event: 'Install', failure: expect.stringMatching(/already exists/) })
    expect(stranger.hazards.map(({ rule }) => rule)).toContain('event-failed')
  })
})
