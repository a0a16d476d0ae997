import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { folderStore } from '../src/index.ts'
import { bodyOf } from './store-conformance.ts'

const script = fileURLToPath(new URL('another-process.js', import.meta.url))
const bytes = Buffer.alloc(300_000, 'x')

/** Runs a writer of its own (from the built package); answers how it ended and what it said. */
function run(folder: string, task: 'put' | 'swap' | 'count', operation = 0) {
  return new Promise<{ code: number | null; signal: string | null; said: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [script, folder, task, String(operation)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (piece: Buffer) => (said += piece.toString()))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, said: said.trim() }))
  })
}

/** Tries every operation, a few side by side, until a writer gets through unharmed; answers how many there were. */
async function killAtEach(attempt: (operation: number) => Promise<{ code: number | null; signal: string | null }>) {
  for (let first = 1; ; first += 4) {
    const answers = await Promise.all([0, 1, 2, 3].map((more) => attempt(first + more)))
    for (const [index, { code, signal }] of answers.entries()) {
      if (code === 0) return first + index
      expect(signal).toBe('SIGKILL')
    }
  }
}

describe('folderStore, killed before each operation of the file system,', () => {
  test('has the whole object or none, and the next put finishes', async () => {
    const operations = await killAtEach(async (operation) => {
      const folder = temporaryFolder()
      const answer = await run(folder, 'put', operation)
      const store = folderStore(folder)
      const whole = { sizeBytes: 300_000, sha256: bodyOf(bytes).sha256 }
      const found = await store.find('artifacts/a.zip')
      if (found) expect(found).toMatchObject(whole)
      expect((await store.put('artifacts/a.zip', bodyOf(bytes))).object).toMatchObject(whole)
      const listed = []
      for await (const { key } of store.list('')) listed.push(key)
      expect(listed).toEqual(['artifacts/a.zip'])
      return answer
    })
    expect(operations).toBeGreaterThan(12)
  })

  test('has the old head or the new one, and the next swap succeeds', async () => {
    const operations = await killAtEach(async (operation) => {
      const folder = temporaryFolder()
      const store = folderStore(folder)
      const first = await store.swapHead('ledger/head.json', { expected: undefined, value: 'old' })
      const answer = await run(folder, 'swap', operation)
      const head = await store.readHead('ledger/head.json')
      const second = { value: 'new', revision: '2' }
      expect(answer.code === 0 ? [second] : [first, second]).toContainEqual(head)
      const next = await store.swapHead('ledger/head.json', { expected: head?.revision, value: 'next' })
      expect(next?.value).toBe('next')
      expect(await store.readHead('ledger/head.json')).toEqual(next)
      return answer
    })
    expect(operations).toBeGreaterThan(12)
  })
})

describe('folderStore, among processes,', () => {
  test('lets one writer create an object', async () => {
    const folder = temporaryFolder()
    const writers = await Promise.all(Array.from({ length: 4 }, () => run(folder, 'put')))
    expect(writers.map(({ said }) => said).sort()).toEqual(['created', 'found', 'found', 'found'])
  })

  test('loses no swap of a head', async () => {
    const folder = temporaryFolder()
    await Promise.all(Array.from({ length: 4 }, () => run(folder, 'count')))
    expect(await folderStore(folder).readHead('counter')).toEqual({ value: '40', revision: '40' })
  })
})
