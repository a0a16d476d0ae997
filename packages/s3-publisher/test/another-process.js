/**
 * A writer in a process of its own: `node another-process.js FOLDER put|swap|count OPERATION`.
 * Kills itself, as a machine would, just before the operation of the file system with that number; 0 for never.
 */
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { createHash } from 'node:crypto'

const [folder, task, operation] = process.argv.slice(2)

let left = Number(operation)
function step() {
  if (left > 0 && --left === 0) process.kill(process.pid, 'SIGKILL')
}

for (const name of ['link', 'mkdir', 'open', 'readdir', 'readFile', 'rename', 'rm', 'stat']) {
  const original = fs[name]
  fs[name] = async (...args) => {
    step()
    const answer = await original(...args)
    if (name !== 'open') return answer
    for (const method of ['writeFile', 'sync', 'close']) {
      const bound = answer[method].bind(answer)
      answer[method] = (...given) => {
        step()
        return bound(...given)
      }
    }
    return answer
  }
}
syncBuiltinESMExports()

const { folderStore } = await import('@fairlead/s3-publisher')
const store = folderStore(folder)

const tasks = {
  put: async () => {
    const bytes = Buffer.alloc(300_000, 'x')
    const { created } = await store.put('artifacts/a.zip', {
      sizeBytes: bytes.byteLength,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      open: async function* () {
        for (let at = 0; at < bytes.byteLength; at += 100_000) yield bytes.subarray(at, at + 100_000)
      },
    })
    console.log(created ? 'created' : 'found')
  },
  swap: async () => {
    const head = await store.readHead('ledger/head.json')
    await store.swapHead('ledger/head.json', { expected: head?.revision, value: 'new' })
  },
  count: async () => {
    for (let done = 0; done < 10;) {
      const head = await store.readHead('counter')
      const value = String(Number(head?.value ?? '0') + 1)
      if (await store.swapHead('counter', { expected: head?.revision, value })) done++
    }
  },
}
await tasks[task]()
