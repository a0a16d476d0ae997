// Runs lifecycle events on a host and kills its own process at the given operation on the file system.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const { host, deployment, events, bundle, operation } = JSON.parse(process.argv[2])
const body = fs.readFileSync(bundle)
const changes = [
  'chmod',
  'chown',
  'copyFile',
  'lchown',
  'mkdir',
  'open',
  'rename',
  'rm',
  'rmdir',
  'symlink',
  'unlink',
  'utimes',
]
let count = 0

function countChanges(target, names) {
  for (const name of names) {
    const original = target[name]
    target[name] = (...parameters) => {
      count += 1
      if (count === operation) process.kill(process.pid, 'SIGKILL')
      return original(...parameters)
    }
  }
}

countChanges(fs.promises, changes)
countChanges(fs, ['openSync', 'writeSync'])
syncBuiltinESMExports()

const { runLifecycle } = await import('../../dist/index.js')
const fetchBundle = async () => ({ eTag: undefined, body: ReadableStream.from([body]) })
const { status, events: results } = await runLifecycle(host, { deployment, events, fetchBundle })
if (status === 'Failed') throw new Error(results.at(-1).message)
