/**
 * What the digests of a put cost at least: a bare node:http server that computes them and writes the body to a file, in
 * the arrangement that needs the fewest copies and wake-ups of those that were tried. It verifies nothing, takes one
 * body at a time, and answers with its MD5. SHA-256 and CRC-32 are computed here, MD5 and the writing have a thread.
 */
import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { crc32 } from 'node:zlib'

const blockBytes = 512 * 1024
const blocksInAll = 8

if (isMainThread) serve()
else writeBlocks()

function serve() {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-floor-'))
  const worker = new Worker(new URL(import.meta.url))
  const free = Array.from({ length: blocksInAll }, () => new ArrayBuffer(blockBytes))
  let before
  let count = 0
  const server = createServer({ highWaterMark: 64 * 1024 }, (request, response) => {
    const path = join(folder, String(count++))
    const sha256 = createHash('sha256')
    let crc = 0
    let block
    let filledBytes = 0
    let rest
    let hasEnded = false
    const handOver = () => {
      if (!block) return
      worker.postMessage({ block: block.buffer, sizeBytes: filledBytes }, [block.buffer])
      block = undefined
      filledBytes = 0
    }
    const fill = (piece) => {
      for (let at = 0; at < piece.length;) {
        if (!block && free.length === 0) return piece.subarray(at)
        block ??= new Uint8Array(free.pop())
        const some = piece.subarray(at, at + blockBytes - filledBytes)
        block.set(some, filledBytes)
        filledBytes += some.length
        at += some.length
        if (filledBytes === blockBytes) handOver()
      }
      return undefined
    }
    const end = () => {
      handOver()
      sha256.digest()
      worker.postMessage({ end: true })
    }
    worker.removeAllListeners('message')
    worker.on('message', ({ block, md5 }) => {
      if (block) {
        free.push(block)
        if (!rest) return
        rest = fill(rest)
        if (rest) return
        if (hasEnded) end()
        else request.resume()
        return
      }
      if (before) rmSync(before)
      before = path
      response.setHeader('etag', md5)
      response.end()
    })
    worker.postMessage({ path })
    request.on('data', (piece) => {
      sha256.update(piece)
      crc = crc32(piece, crc)
      rest = fill(piece)
      if (rest) request.pause()
    })
    request.on('end', () => {
      hasEnded = true
      if (!rest) end()
    })
  })
  server.listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({ endpoint: `http://127.0.0.1:${server.address().port}`, pid: process.pid }))
  })
  process.on('SIGTERM', () => {
    rmSync(folder, { recursive: true })
    process.exit()
  })
}

function writeBlocks() {
  let file
  let md5
  parentPort.on('message', ({ path, block, sizeBytes, end }) => {
    if (path) {
      file = openSync(path, 'wx')
      md5 = createHash('md5')
    } else if (end) {
      closeSync(file)
      parentPort.postMessage({ md5: md5.digest('hex') })
    } else {
      const bytes = new Uint8Array(block, 0, sizeBytes)
      md5.update(bytes)
      writeSync(file, bytes)
      parentPort.postMessage({ block }, [block])
    }
  })
}
