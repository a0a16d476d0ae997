/**
 * The same as the crash test, at the system calls themselves: strace kills the process at each call that changes the
 * disk. Each takes a process of its own: the short run has the switch alone.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { withTools } from '@fairlead/test-support'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import {
  activateRelease,
  pruneReleases,
  readInstalledReleases,
  repairReleases,
  rollbackRelease,
  stageRelease,
} from '../src/index.ts'
import { commitOf, unpackArchive } from './support/archive.ts'
import { buildChild } from './support/child-process.ts'
import type { Job, JobResult } from './support/child.ts'
import { leftovers } from './support/host.ts'

/** What of a process of ours can change a disk, or make a change durable. */
const all = [
  ...['mkdir', 'symlink', 'link', 'rename', 'unlink', 'unlinkat', 'rmdir', 'chmod', 'fchmod', 'lchown', 'fchown'],
  ...['ftruncate', 'fsync', 'pwrite64', 'write'],
]

const isLong = process.env['FAIRLEAD_LONG'] !== undefined
const calls = isLong ? all : ['symlink', 'rename']

const files = (letter: string) => ({ version: letter, 'app/page': letter, 'var/up/seed': 's' })

let folder: string
let program: string
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'system-calls-')))
  program = await buildChild(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const stagingOf = (place: string, letter: string) => ({
  root: join(place, 'srv'),
  from: join(place, 'archives', letter),
  id: `d-${letter}`,
  shared: ['var/up'],
  move: ['app'],
})
const deploy = async (place: string, letter: string) => {
  const staged = await stageRelease(stagingOf(place, letter))
  await activateRelease(staged)
}

/** What is done, on a copy of a host on which a, b and c were live and d is unpacked. */
const verbs: readonly (readonly [
  string,
  (place: string) => Promise<Job>,
  (place: string) => Promise<unknown>,
  string,
])[] = [
  [
    'deploy',
    (place) => Promise.resolve({ verb: 'stage', options: stagingOf(place, 'd') }),
    (place) => deploy(place, 'd'),
    'd',
  ],
  [
    'activate',
    async (place) => ({ verb: 'activate', staged: await stageRelease(stagingOf(place, 'd')) }),
    (place) => deploy(place, 'd'),
    'd',
  ],
  [
    'rollback',
    (place) => Promise.resolve({ verb: 'rollback', root: join(place, 'srv') }),
    async (place) => {
      const { current, settled } = await readInstalledReleases({ root: join(place, 'srv') })
      const done = settled && current?.endsWith('d-b')
      await rollbackRelease({ root: join(place, 'srv'), to: done ? current : undefined })
    },
    'b',
  ],
  [
    'prune',
    (place) => Promise.resolve({ verb: 'prune', root: join(place, 'srv'), keep: 1 }),
    (place) => pruneReleases({ root: join(place, 'srv'), keep: 1 }),
    'c',
  ],
  [
    'repair',
    (place) => {
      rmSync(join(place, 'srv/current'))
      mkdirSync(join(place, 'srv/releases/.staging-d-x'))
      return Promise.resolve({ verb: 'repair', root: join(place, 'srv') })
    },
    (place) => repairReleases({ root: join(place, 'srv') }),
    'c',
  ],
]

describe.each(isLong ? verbs : verbs.filter(([verb]) => verb === 'activate'))('%s', (verb, prepare, again, live) => {
  withTools(
    ['strace'],
    'killed at any of its system calls',
    async () => {
      const template = join(folder, `${verb}-template`)
      for (const letter of 'abcd') unpackArchive(join(template, 'archives', letter), files(letter), commitOf(letter))
      for (const letter of 'abc') await deploy(template, letter)
      let kills = 0
      for (const call of calls) {
        for (let number = 1; ; number += 1) {
          const place = join(folder, `${verb}-${call}-${number}`)
          cpSync(template, place, { recursive: true, verbatimSymlinks: true })
          const job = await prepare(place)
          const killed = runKilled(program, job, `${call}:signal=KILL:when=${number}`, place)
          const at = `${verb} killed at ${call} ${number}`
          // A repair was given a host without a link: until it is done there is none.
          const version = existsSync(join(place, 'srv/current')) ? liveVersion(place) : ''
          expect(verb === 'repair' ? ['', 'c'] : ['c', live], at).toContain(version)
          if (!killed) {
            rmSync(place, { recursive: true })
            break
          }
          kills += 1
          await again(place)
          expect(liveVersion(place), at).toBe(live)
          expect(leftovers(join(place, 'srv')), at).toEqual([])
          rmSync(place, { recursive: true })
        }
      }
      expect(kills).toBeGreaterThan(isLong ? 10 : 1)
    },
    3_600_000,
  )
})

function liveVersion(place: string): string {
  const [version, page] = ['version', 'app/page'].map((path) => readFileSync(join(place, 'srv/current', path), 'utf8'))
  expect(page).toBe(version)
  return version ?? ''
}
if (isLong) {
  describe('a fault of the system at any system call of an activation', () => {
    withTools(
      ['strace'],
      'is a typed error, and the old release is live',
      async () => {
        const template = join(folder, 'faults-template')
        for (const letter of 'abcd') unpackArchive(join(template, 'archives', letter), files(letter), commitOf(letter))
        for (const letter of 'abc') await deploy(template, letter)
        for (const error of ['ENOSPC', 'EACCES', 'EXDEV', 'EROFS', 'EIO']) {
          for (const call of [
            'mkdir',
            'symlink',
            'rename',
            'unlink',
            'fchmod',
            'fchown',
            'fsync',
            'ftruncate',
            'pwrite64',
          ]) {
            for (const number of [1, 2, 3]) {
              const place = join(folder, `fault-${error}-${call}-${number}`)
              cpSync(template, place, { recursive: true, verbatimSymlinks: true })
              const staged = await stageRelease(stagingOf(place, 'd'))
              const at = `${error} at ${call} ${number}`
              const code = codeOf(program, { verb: 'activate', staged }, `${call}:error=${error}:when=${number}`, place)
              expect([undefined, 'FILE_OPERATION_FAILED', 'ACTIVATION_FAILED'], at).toContain(code)
              expect(liveVersion(place), at).toBe(code === undefined ? 'd' : 'c')
              await deploy(place, 'd')
              expect(liveVersion(place), at).toBe('d')
              rmSync(place, { recursive: true })
            }
          }
        }
      },
      3_600_000,
    )
  })
}

/** The code with which the job ended. */
function codeOf(program: string, job: Job, injection: string, place: string): string | undefined {
  const { stdout, status, stderr } = trace(program, job, injection, place)
  if (status !== 0) throw new Error(`${injection}: ${stderr}`)
  return (JSON.parse(stdout) as JobResult[])[0]?.code
}

/** Whether strace killed the process. */
function runKilled(program: string, job: Job, injection: string, place: string): boolean {
  const { signal, status, stderr } = trace(program, job, injection, place)
  if (signal === 'SIGKILL' || status === 137) return true
  if (status !== 0) throw new Error(`${injection}: ${stderr}`)
  return false
}

/** One thread of libuv's, so that the calls come in one order. */
function trace(program: string, job: Job, injection: string, place: string) {
  const task = JSON.stringify({ kind: 'interrupt', how: 'kill', at: 0, jobs: [job] })
  const traced = [
    '-f',
    '-qq',
    '-o',
    join(place, 'trace'),
    '-e',
    `trace=${injection.split(':')[0]}`,
    '-e',
    `inject=${injection}`,
  ]
  return spawnSync('strace', [...traced, process.execPath, program, task], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
    encoding: 'utf8',
  })
}
