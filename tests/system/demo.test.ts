import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { processesNaming } from './processes.ts'

const root = join(import.meta.dirname, '../..')

/** Everything of a run lies below its own temporary folder, so that its processes can be told by that name. */
let temporary = ''
beforeAll(() => (temporary = realpathSync(mkdtempSync(join(tmpdir(), 'demo-test-')))))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

interface Run {
  readonly child: ChildProcess
  readonly output: () => string
  readonly ended: Promise<number | null>
  readonly says: (words: string) => Promise<void>
}

function startDemo(): Run {
  const child = spawn('npm', ['run', '--silent', 'demo'], {
    cwd: root,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const says = async (words: string) => {
    while (!output.includes(words)) {
      if (child.exitCode !== null) throw new Error(`the demo ended without saying ${words}:\n${output}`)
      await sleep(50)
    }
  }
  return { child, output: () => output, ended, says }
}

async function expectNothingLeft(): Promise<void> {
  // A hook that was running ends by itself once the AWS that it talks to is gone.
  for (let second = 0; second < 30 && processesNaming(temporary).length > 0; second++) await sleep(1000)
  expect(processesNaming(temporary)).toEqual([])
}

const leftovers = () => readdirSync(temporary).filter((name) => name.startsWith('fairlead-demo-'))

describe('the demo', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'ends at %s half way, and leaves no process and no file',
    async (signal) => {
      const demo = startDemo()
      await demo.says('AfterInstall')
      demo.child.kill(signal)
      expect(await demo.ended).not.toBe(0)
      await expectNothingLeft()
      expect(leftovers()).toEqual([])
    },
  )

  test('killed half way leaves no process, and what it left on disk is removed by the next run', async () => {
    const demo = startDemo()
    await demo.says('AfterInstall')
    const [folder = ''] = leftovers()
    process.kill(Number(folder.split('-')[2]), 'SIGKILL')
    await demo.ended
    await expectNothingLeft()
    const next = startDemo()
    await next.says('1. ')
    await next.says('account')
    expect(leftovers()).not.toContain(folder)
    next.child.kill('SIGTERM')
    await next.ended
    await expectNothingLeft()
  })

  test('runs whole: every claim holds, no request fails, nothing is left', async () => {
    const demo = startDemo()
    const exitCode = await demo.ended
    expect(exitCode, demo.output()).toBe(0)
    expect(demo.output()).not.toContain('NOT SO')
    expect(demo.output().match(/✓/g)?.length).toBeGreaterThanOrEqual(20)
    await expectNothingLeft()
    expect(leftovers()).toEqual([])
  })
})
