import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { temporaryFolder } from '@fairlead/test-support'
import { openTexts } from '../../../src/plan/texts.ts'
import { runInAll, withLanes, type Lane } from '../../../src/ports/lanes/pool.ts'
import { listTree } from '../../../src/ports/tree.ts'

function makeTree(): string {
  const root = temporaryFolder()
  mkdirSync(join(root, 'below'))
  writeFileSync(join(root, 'below', 'a.txt'), 'a')
  return root
}

test.each([0, 1, 2])(
  '%i threads that were told to get ready for one kind of job do another one too',
  async (threads) => {
    const listing = await withLanes({ threads, signal: undefined }, (lanes) => {
      for (const lane of [...lanes, ...lanes]) lane.prepare('build')
      return listTree(makeTree(), () => 'all below it', lanes)
    })
    expect(openTexts(listing.paths)(0)).toBe('below/a.txt')
    expect(listing.paths.ends).toHaveLength(1)
  },
)

/** What Node has open for threads. */
function openPorts(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length
}

test('a thread that only got ready is gone when the call is over, and a cancelled one too', async () => {
  const before = openPorts()
  await withLanes({ threads: 2, signal: undefined }, ([first, second]) => {
    first?.prepare('build')
    second?.end()
    expect(openPorts()).toBeGreaterThan(before)
    return Promise.resolve()
  })
  expect(openPorts()).toBe(before)
  const reason = new Error('no more')
  const controller = new AbortController()
  const cancelled = withLanes({ threads: 2, signal: controller.signal }, (lanes) => {
    for (const lane of lanes) lane.prepare('build')
    controller.abort(reason)
    return listTree(makeTree(), () => 'all below it', lanes)
  })
  await expect(cancelled).rejects.toBe(reason)
  expect(openPorts()).toBe(before)
})

test('a thread that has ended does no further job', async () => {
  await withLanes({ threads: 1, signal: undefined }, async ([lane]) => {
    const root = makeTree()
    const list = () => listTree(root, () => 'all below it', lane ? [lane] : [])
    await list()
    lane?.end()
    await expect(list()).rejects.toThrow('ended early')
  })
})

test('a job that fails in one lane is over when it is over in all of them, with the failure that came first', async () => {
  const ended: string[] = []
  const laneOf = (name: string, ms: number, failure?: string): Lane => ({
    prepare: () => undefined,
    end: () => undefined,
    run: async () => {
      await setTimeout(ms)
      ended.push(name)
      if (failure !== undefined) throw new Error(failure)
      return undefined as never
    },
  })
  const lanes = [laneOf('slow', 40, 'the second failure'), laneOf('quick', 0, 'the first failure'), laneOf('whole', 20)]
  const job = { fd: 0, sizeBytes: 0 }
  await expect(runInAll(lanes, 'digest', job)).rejects.toThrow('the first failure')
  expect(ended).toEqual(['quick', 'whole', 'slow'])
})

test('where a thread dies, the others end too: they could be waiting for what it had taken', async () => {
  const file = join(temporaryFolder(), 'endless')
  writeFileSync(file, '')
  const fd = openSync(file, 'r')
  // Of a file that is shorter, what was read before is digested again and again: for hours.
  const job = { fd, sizeBytes: 2 ** 50 }
  const running = withLanes({ threads: 2, signal: undefined }, (lanes) => {
    const done = runInAll(lanes, 'digest', job)
    lanes[0]?.end()
    return done
  })
  await expect(running).rejects.toThrow('ended early')
  closeSync(fd)
})
