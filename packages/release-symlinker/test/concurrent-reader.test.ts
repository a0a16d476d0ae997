import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { activateRelease } from '../src/index.ts'
import { testHost, type TestHost } from './support/host.ts'

/** More in the long run of tests: FAIRLEAD_SWITCHES=20000. */
const switches = Number(process.env['FAIRLEAD_SWITCHES'] ?? 300)

interface Reading {
  readonly opens: number
  readonly seen: readonly string[]
  readonly failures: Readonly<Record<string, number>>
}

/** Reads a file in a process of its own while `work` runs. */
async function readDuring(path: string, work: () => Promise<void> | void): Promise<Reading> {
  const reader = fork(join(import.meta.dirname, 'support/reader.mjs'), [path])
  onTestFinished(() => void reader.kill('SIGKILL'))
  await once(reader, 'message')
  await work()
  const answer = once(reader, 'message')
  reader.send('stop')
  const [reading] = (await answer) as [Reading]
  return reading
}

/** Every switch reads the whole history: with that of 20,000 the run would read more than it switches. */
function cutHistory({ root }: TestHost): void {
  const path = join(root, '.fairlead/history.jsonl')
  writeFileSync(path, `${readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)}\n`)
}

test(`no open fails and no other file is read during ${switches} switches`, async () => {
  const host = testHost()
  const releases = [await host.deploy('a'), await host.deploy('b')]
  const reading = await readDuring(join(host.root, 'current/version'), async () => {
    for (let index = 0; index < switches; index++) {
      const staged = releases[index % 2]
      if (staged) await activateRelease(staged)
      if (index % 500 === 499) cutHistory(host)
    }
  })
  expect(reading.failures).toEqual({})
  expect([...reading.seen].sort()).toEqual(['a', 'b'])
  expect(reading.opens).toBeGreaterThan(switches)
}, 3_600_000)

test('the same reader does notice a link that is removed and made again', async () => {
  const host = testHost()
  const { name } = await host.deploy('a')
  const current = join(host.root, 'current')
  const reading = await readDuring(join(current, 'version'), async () => {
    for (let turn = 0; turn < 100; turn++) {
      rmSync(current)
      // Long enough for a reader that shares two busy cores to be scheduled in between.
      await new Promise((resolve) => setTimeout(resolve, 5))
      symlinkSync(`releases/${name}`, current)
    }
  })
  expect(reading.failures['ENOENT']).toBeGreaterThan(0)
})
