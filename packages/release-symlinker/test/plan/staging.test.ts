import { join } from 'node:path'
import { systemClock } from '@fairlead/core'
import { expect, test } from 'vitest'
import { formatPlan } from '../../src/plan/format.ts'
import { planStaging } from '../../src/plan/staging.ts'
import { systemDisk, type Disk } from '../../src/ports/disk.ts'
import { stageOn } from '../../src/stage-release.ts'
import { commitOf, unpackArchive } from '../support/archive.ts'
import { filesOf, testHost } from '../support/host.ts'

const stagedAt = '2026-11-22T12:00:00.000Z'
const shared = ['var/up', 'local.ini', 'empty']
const writable = [{ path: 'var/cache', mode: '2775' }]
const files = { ...filesOf('a'), 'var/up/seed': 's', 'local.ini': 'i', l: { link: 'version' } }

test('the plan has the very operations that a staging performs on a new host', async () => {
  const host = testHost()
  const { from, manifest } = unpackArchive(join(host.folder, 'archive'), files, commitOf('a'))
  const done: string[] = []
  const clock = { ...systemClock, now: () => Date.parse(stagedAt) }
  await stageOn(recording(host.root, from, done), { root: host.root, from, id: 'd-a', shared, writable, clock })
  const plan = planStaging(manifest, { id: 'd-a', stagedAt, from: 'archive', shared, writable })
  const planned = formatPlan(plan).map((line) => line.replace(/ +# undo: .*/, '').replace(/^\S+ +/, ''))
  expect([...done].sort()).toEqual(planned.map((line) => line.replaceAll('seed-<token>', 'seed')).sort())
  // What the order has to keep: everything before the name, and the link to the release not at all.
  expect(planned.at(-2)).toBe(`mv -T releases/.staging-d-a releases/${plan.name}`)
})

test('every step but the last ones goes with the hidden folder that it is built in', () => {
  const { steps } = planStaging({ commit: commitOf('a'), entries: [] }, { id: 'd-a', stagedAt })
  expect(steps[0]?.undo).toEqual([{ call: 'remove-tree', path: 'releases/.staging-d-a' }])
  expect(new Set(steps.map(({ durableAfter }) => durableAfter))).toEqual(new Set(['publish']))
})

test('more entries than are worth an fsync each are made durable in one call', () => {
  const entry = { type: 'file', mode: '0644', sizeBytes: 1, sha256: 'a'.repeat(64) } as const
  const entries = Array.from({ length: 300 }, (_, index) => ({ ...entry, path: `f${index}` }))
  const { steps } = planStaging({ commit: commitOf('a'), entries }, { id: 'd-a', stagedAt })
  expect(steps.filter((step) => step.do.call === 'syncfs')).toHaveLength(1)
})

/** A disk that notes what is done to it in the words of a printed plan. */
function recording(root: string, from: string, done: string[]): Disk {
  const short = (path: string) =>
    path
      .replace(`${root}/`, '')
      .replace(from, 'archive')
      .replace(/seed-[0-9a-f]{16}/, 'seed')
  const isInside = (path: string) => /^(releases\/\.|\.fairlead\/(seed|releases\/)|shared\/)/.test(short(path))
  const note = (words: string) => void done.push(words)
  const octal = (mode: number) => mode.toString(8).padStart(4, '0')
  return {
    ...systemDisk,
    makeFolder: (path, mode) => {
      if (/^releases\/\.|^\.fairlead\/seed/.test(short(path))) note(`mkdir ${short(path)}`)
      return systemDisk.makeFolder(path, mode)
    },
    cloneFile: () => Promise.resolve(undefined),
    copyFile: (source, to, copy) => {
      note(`cp ${short(source)} ${short(to)}`)
      return systemDisk.copyFile(source, to, copy)
    },
    makeLink: (target, path) => {
      if (isInside(path))
        note(target.includes('shared/') ? `ln -s ${target} ${short(path)}` : `cp archive/l ${short(path)}`)
      return systemDisk.makeLink(target, path)
    },
    writeFile: (path, text, file) => {
      note(`write ${short(path)}`)
      return systemDisk.writeFile(path, text, file)
    },
    setMode: (path, mode) => {
      note(`chmod ${octal(mode)} ${short(path)}`)
      return systemDisk.setMode(path, mode)
    },
    addName: (path, second) => {
      note(`ln ${short(path)} ${short(second)}`)
      return systemDisk.addName(path, second)
    },
    moveFolder: (path, to) => {
      note(`mv -T ${short(path)} ${short(to)}`)
      return systemDisk.moveFolder(path, to)
    },
    removeTree: async (path) => {
      if ((await systemDisk.entry(path)) !== undefined) note(`rm -rf ${short(path)}`)
      await systemDisk.removeTree(path)
    },
    rename: (path, to) => {
      note(`mv -T ${short(path)} ${short(to)}`)
      return systemDisk.rename(path, to)
    },
    syncFolder: (path) => {
      if (['releases', '.fairlead/releases'].includes(short(path))) note(`sync ${short(path)}`)
      return systemDisk.syncFolder(path)
    },
  }
}
