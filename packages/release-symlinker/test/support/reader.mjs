// Opens a file behind a symbolic link as fast as it can, as a web server does, until it is told to stop.
import { closeSync, openSync, readSync } from 'node:fs'

const [path] = process.argv.slice(2)
const buffer = Buffer.alloc(16)
const seen = new Set()
const failures = new Map()
let opens = 0

function burst() {
  for (let turn = 0; turn < 200; turn++) {
    opens += 1
    try {
      const file = openSync(path, 'r')
      seen.add(buffer.toString('utf8', 0, readSync(file, buffer)))
      closeSync(file)
    } catch (error) {
      failures.set(error.code, (failures.get(error.code) ?? 0) + 1)
    }
  }
  setImmediate(burst)
}

process.on('message', () => {
  process.send({ opens, seen: [...seen], failures: Object.fromEntries(failures) }, () => process.exit(0))
})
process.send('reading')
burst()
