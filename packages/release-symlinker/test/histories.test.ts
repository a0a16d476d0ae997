/**
 * Random histories: whatever sequence of deploys, failures, rollbacks, prunes, repairs and crashes, what is live is
 * complete, what was promised is there, and the next run needs no human.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@fairlead/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { activateOn } from '../src/activate-release.ts'
import { readInstalledReleases } from '../src/index.ts'
import { systemDisk, type Disk } from '../src/ports/disk.ts'
import { pruneOn } from '../src/prune-releases.ts'
import { repairOn } from '../src/repair-releases.ts'
import { rollbackOn } from '../src/rollback-release.ts'
import { stageOn } from '../src/stage-release.ts'
import { commitOf, unpackArchive } from './support/archive.ts'
import { leftovers } from './support/host.ts'
import { diesAt } from './support/interrupted-disk.ts'
import { seededRandom, type Random } from './support/random.ts'

/** FAIRLEAD_HISTORIES and FAIRLEAD_SEED replay a failure. */
const count = Number(process.env['FAIRLEAD_HISTORIES'] ?? (process.env['FAIRLEAD_LONG'] ? 5_000 : 60))
const firstSeed = Number(process.env['FAIRLEAD_SEED'] ?? 1)
const letters = [...'abcd']

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'histories-'))
  for (const letter of letters) {
    const files = { version: letter, 'public/page': letter, same: 'same', 'var/up/seed': 's', old: { link: 'version' } }
    unpackArchive(join(folder, 'archives', letter), files, commitOf(letter))
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Outcome {
  readonly died: boolean
  readonly code?: string | undefined
}

/** One host, its time, and what happened to it. */
class History {
  readonly root: string
  readonly log: string[] = []
  #now = Date.parse('2026-01-01T00:00:00.000Z')
  #deployments = 0

  constructor(
    readonly seed: number,
    readonly random: Random,
  ) {
    this.root = join(folder, `host-${seed}`, 'srv')
    mkdirSync(this.root, { recursive: true })
  }

  live(): string | undefined {
    const link = join(this.root, 'current')
    return existsSync(link) ? readFileSync(join(link, 'version'), 'utf8') : undefined
  }

  /** Performs an operation of random kind, which dies at a random operation of the disk once in three times. */
  async step(): Promise<void> {
    this.#now += 3_600_000 * (1 + Math.floor(this.random() * 5))
    const dies = this.random() < 0.33
    const disk = dies ? diesAt(systemDisk, 1 + Math.floor(this.random() * 60)) : undefined
    const before = this.live()
    const verb = this.random.pick(['deploy', 'deploy', 'deploy', 'fail', 'rollback', 'rollback-bad', 'prune', 'repair'])
    const letter = this.random.pick(letters)
    const { died, code } = await this.perform(verb, letter, disk ?? systemDisk, disk)
    this.log.push(`${verb} ${letter}${dies ? (died ? ' died' : ' survived') : ''}${code ? ` ${code}` : ''}`)
    if (died) this.buryLock()
    await this.check(verb, letter, before, { died, code })
  }

  async perform(
    verb: string,
    letter: string,
    disk: Disk,
    dying?: { readonly isDead: () => boolean },
  ): Promise<Outcome> {
    const clock = { ...systemClock, now: () => this.#now }
    const { root } = this
    const run = async () => {
      if (verb === 'deploy' || verb === 'fail') {
        const id = `d-${String(++this.#deployments).padStart(4, '0')}`
        const from = join(folder, 'archives', letter)
        const immutable = this.random() < 0.5
        const staged = await stageOn(disk, { root, from, id, shared: ['var/up'], immutable, clock })
        const check = verb === 'fail' ? () => Promise.reject(new Error('the check fails')) : undefined
        const reload = this.random() < 0.5 ? () => {} : undefined
        await activateOn(disk, staged, { check, reload, clock })
      } else if (verb === 'rollback') await rollbackOn(disk, { root, clock })
      else if (verb === 'rollback-bad') await rollbackOn(disk, { root, allowBad: true, clock })
      else if (verb === 'prune') await pruneOn(disk, { root, keep: 1 + Math.floor(this.random() * 3), clock })
      else await repairOn(disk, { root, clock })
    }
    try {
      await run()
      return { died: dying?.isDead() ?? false }
    } catch (error) {
      return { died: dying?.isDead() ?? false, code: (error as { code?: string }).code ?? String(error) }
    }
  }

  /** The process that died was this one: its lock gets an owner that is gone. */
  buryLock(): void {
    const own = join(this.root, '.fairlead')
    for (const name of (existsSync(own) ? readdirSync(own) : []).filter((one) => /^lock(\.|$)/.test(one))) {
      const path = join(own, name)
      const claim = new URLSearchParams(readlinkSync(path))
      claim.set('startTicks', '1')
      unlinkSync(path)
      symlinkSync(claim.toString(), path)
    }
  }

  async check(verb: string, letter: string, before: string | undefined, { died, code }: Outcome): Promise<void> {
    const { root } = this
    const live = this.live()
    // Once there was a live release there always is one, and each release is complete from the moment it has its name.
    if (before !== undefined) expect(live, this.story()).toBeDefined()
    for (const name of existsSync(join(root, 'releases')) ? readdirSync(join(root, 'releases')) : []) {
      if (!name.startsWith('.')) this.checkComplete(join(root, 'releases', name))
    }
    const installed = await readInstalledReleases({ root })
    const bad = installed.releases.filter((release) => release.bad).map(({ name }) => name)
    if (installed.previous !== undefined) {
      expect(bad, this.story()).not.toContain(installed.previous)
      expect(installed.previous, this.story()).not.toBe(installed.current)
    }
    if (died) return
    // What a prune that died left in the trash goes with the next prune, or a repair.
    const left = ['prune', 'repair'].includes(verb) ? leftovers(root) : leftovers(root, { trash: false })
    expect(left, this.story()).toEqual([])
    if (verb === 'deploy') {
      expect(code, this.story()).toBeUndefined()
      expect(live, this.story()).toBe(letter)
      expect(installed.settled, this.story()).toBe(true)
    } else if (verb === 'fail') {
      expect(code, this.story()).toBe('ACTIVATION_FAILED')
      expect(bad.length, this.story()).toBeGreaterThan(0)
      expect(live, this.story()).toBe(before)
    } else if (verb.startsWith('rollback')) {
      expect([undefined, 'ROLLBACK_NO_TARGET'], this.story()).toContain(code)
      if (code !== undefined) expect(live, this.story()).toBe(before)
    } else {
      expect(code, this.story()).toBeUndefined()
      if (verb === 'prune') expect(live, this.story()).toBe(before)
    }
  }

  checkComplete(path: string): void {
    const letter = readFileSync(join(path, 'version'), 'utf8')
    expect(letters, this.story()).toContain(letter)
    const others = ['public/page', 'old'].map((name) => readFileSync(join(path, name), 'utf8'))
    expect(others, this.story()).toEqual([letter, letter])
    expect(readFileSync(join(path, 'var/up/seed'), 'utf8'), this.story()).toBe('s')
  }

  story(): string {
    return `FAIRLEAD_HISTORIES=1 FAIRLEAD_SEED=${this.seed}: ${this.log.join(', ')}`
  }
}

test(`${count} random histories`, async () => {
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const random = seededRandom(seed)
    const history = new History(seed, random)
    const steps = 4 + Math.floor(random() * 8)
    for (let step = 0; step < steps; step++) await history.step()
    // Whatever happened: a deploy and a rollback that nobody disturbs do what they promise.
    const calm: Outcome = await history.perform('deploy', 'a', systemDisk)
    history.log.push('deploy a')
    await history.check('deploy', 'a', history.live(), calm)
    rmSync(join(folder, `host-${seed}`), { recursive: true })
  }
}, 3_600_000)
