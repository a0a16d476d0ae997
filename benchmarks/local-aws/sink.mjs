/** A bare node:http server: throws away what is put, and sends as many bytes as the query of a get asks for. */
import { createServer } from 'node:http'
import { Readable } from 'node:stream'

const block = Buffer.alloc(1024 ** 2)

function* blocks(sizeBytes) {
  for (let left = sizeBytes; left > 0; left -= block.length) yield left < block.length ? block.subarray(0, left) : block
}

const server = createServer((request, response) => {
  if (request.method === 'PUT') {
    request.on('end', () => response.end())
    request.resume()
    return
  }
  const sizeBytes = Number(new URL(request.url, 'http://localhost').searchParams.get('bytes') ?? 0)
  response.setHeader('content-length', sizeBytes)
  Readable.from(blocks(sizeBytes), { objectMode: false }).pipe(response)
})
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ endpoint: `http://127.0.0.1:${server.address().port}`, pid: process.pid }))
})
