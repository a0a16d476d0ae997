import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkHostOn } from '../src/check-host.ts'
import { checkHost } from '../src/index.ts'
import { systemDisk, type Disk } from '../src/ports/disk.ts'
import { leftovers, testHost, type TestHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'

/** An agent whose files stand below the host's folder, and which runs with a PATH that a test chooses. */
function plantAgent(host: TestHost, { node, path }: { readonly node?: string; readonly path?: string } = {}) {
  const folder = join(host.folder, 'agent')
  const bin = join(host.folder, 'bin')
  for (const one of [join(folder, 'state/.pid'), join(folder, 'archives'), bin]) mkdirSync(one, { recursive: true })
  writeFileSync(join(folder, '.version'), 'agent_version: OFFICIAL_1.8.1-12_deb\n')
  const configuration = join(folder, 'agent.yml')
  writeFileSync(configuration, `---\n:max_revisions: 3\n:root_dir: '${join(folder, 'archives')}'\n`)
  if (node !== undefined) {
    writeFileSync(join(bin, 'node'), `#!/bin/sh\necho ${node}\n`)
    chmodSync(join(bin, 'node'), 0o755)
  }
  return { agentFolder: folder, agentConfiguration: configuration, path: path ?? bin }
}

async function findingsOf(host: TestHost, options: object = {}, disk: Disk = systemDisk) {
  const findings = await checkHostOn(disk, { root: host.root, ...options })
  return Object.fromEntries(findings.map((finding) => [finding.subject, finding]))
}

test('a host in order is fine in every respect, and nothing of the look stays', async () => {
  const host = testHost()
  await host.deploy('a')
  const { agentFolder, agentConfiguration } = plantAgent(host)
  const found = await findingsOf(host, { agentFolder, agentConfiguration })
  expect(Object.keys(found)).toEqual([
    ...['node', 'agent', 'layout', 'owners', 'space', 'space-of-archives', 'file-system', 'selinux', 'lock'],
    'leftovers',
  ])
  const { node, ...others } = found
  expect(node?.state).toMatch(/fine|problem/)
  for (const { state, subject } of Object.values(others)) expect(state, subject).toMatch(/fine|warning/)
  expect(found['agent']?.found).toContain('OFFICIAL_1.8.1-12_deb keeps 3 archives')
  expect(found['file-system']?.found).toContain('rename from the archive')
  expect(leftovers(host.root)).toEqual([])
})

test('a host that has nothing yet is looked at where its root would be', async () => {
  const found = await findingsOf(testHost())
  expect(found['layout']).toMatchObject({ state: 'fine', found: expect.stringContaining('the first deploy makes it') })
  expect(found['space']?.state).toBe('fine')
})

describe('what would stop a deploy comes with its cure', () => {
  test.each<[string, string, (host: TestHost) => void]>([
    ['layout', 'repair', (host) => rmSync(join(host.root, 'releases'), { recursive: true })],
    ['leftovers', 'repair', (host) => mkdirSync(join(host.root, 'releases/.staging-x'))],
    ['lock', 'unlock', (host) => symlinkSync('elsewhere', join(host.root, '.fairlead/lock'))],
  ])('%s', async (subject, cure, damage) => {
    const host = testHost()
    await host.deploy('a')
    damage(host)
    const finding = (await findingsOf(host))[subject]
    expect(finding?.state).not.toBe('fine')
    expect(finding?.cure).toContain(cure)
  })

  test('too little space for a release like the live one', async () => {
    const host = testHost()
    await host.deploy('a')
    const disk = { ...systemDisk, freeSpace: () => Promise.resolve({ bytes: 10, blockBytes: 1, inodes: 3 }) }
    const found = await findingsOf(host, {}, disk)
    expect(found['space']).toMatchObject({ state: 'problem', cure: expect.stringContaining('prune') })
  })

  test('a file system that holds no archives', async () => {
    const host = testHost()
    await host.deploy('a')
    const { agentFolder, agentConfiguration } = plantAgent(host)
    const deviceOf = (path: string) => Promise.resolve(path.includes('archives') ? 1 : 2)
    const found = await findingsOf(host, { agentFolder, agentConfiguration }, { ...systemDisk, deviceOf })
    expect(found['file-system']).toMatchObject({ state: 'warning', cure: expect.stringContaining(':root_dir:') })
  })

  test('no agent, and one whose hooks would find no Node or an old one', async () => {
    const host = testHost()
    const agentFolder = join(host.folder, 'none')
    expect((await findingsOf(host, { agentFolder }))['agent']).toMatchObject({ state: 'warning' })
    for (const [node, state] of [
      [undefined, 'problem'],
      ['v18.20.4', 'problem'],
      ['v20.18.9', 'problem'],
      ['v20.19.0', 'fine'],
      ['v24.1.0', 'fine'],
    ] as const) {
      const one = testHost()
      const agent = plantAgent(one, node === undefined ? {} : { node })
      // The agent whose PATH is read is a process of the test's own.
      const process = spawn('/bin/sleep', ['60'], { env: { PATH: agent.path } })
      writeFileSync(join(agent.agentFolder, 'state/.pid/codedeploy-agent.pid'), `${process.pid}\n`)
      const finding = (
        await findingsOf(one, { agentFolder: agent.agentFolder, agentConfiguration: agent.agentConfiguration })
      )['node']
      process.kill('SIGKILL')
      expect(finding?.state, `${node}: ${finding?.found}`).toBe(state)
    }
  })
})

test('UNKNOWN_OPTION and INVALID_OPTION: what is none', async () => {
  expect(await refusal(checkHost({ root: '/srv', agent: 1 } as never))).toMatch(/^UNKNOWN_OPTION/)
  expect(await refusal(checkHost({ root: '/srv', agentFolder: '' }))).toMatch(/^INVALID_OPTION/)
})
