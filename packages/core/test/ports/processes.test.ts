import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { findProcess, identifyThisProcess } from '../../src/ports/processes.ts'

test('this process is found, with the start that it names itself', async () => {
  const self = await identifyThisProcess()
  expect(self.pid).toBe(process.pid)
  expect(await findProcess(process.pid)).toEqual({ startTicks: self.startTicks, isZombie: false })
})

test('a process that has ended is not found', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  expect(await findProcess(child.pid ?? 0)).toBeUndefined()
})

test('a process of another user counts as running', async () => {
  expect(await findProcess(1)).toMatchObject({ isZombie: false })
})

test('a name with brackets and spaces does not shift the fields', async () => {
  const child = spawn(process.execPath, [
    '-e',
    'process.title = "a) b (c"; process.stdout.write("x"); setInterval(() => {}, 1e6)',
  ])
  try {
    await once(child.stdout, 'data')
    const [before, self] = [await findProcess(child.pid ?? 0), await identifyThisProcess()]
    expect(before?.isZombie).toBe(false)
    if (self.startTicks !== undefined)
      expect(Number(before?.startTicks)).toBeGreaterThanOrEqual(Number(self.startTicks))
  } finally {
    child.kill('SIGKILL')
  }
})
