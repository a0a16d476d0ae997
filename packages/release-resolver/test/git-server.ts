import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { dirname } from 'node:path'
import { onTestFinished } from 'vitest'

/** Serves the repositories beside one over HTTP, with git's own CGI program; answers the address of that one. */
export async function serveRepository(
  path: string,
  options: { readonly password?: string | undefined } = {},
): Promise<{ readonly url: string; readonly requests: readonly string[] }> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
    requests.push(pathname)
    const wanted = `Basic ${Buffer.from(`ci:${options.password}`).toString('base64')}`
    if (options.password !== undefined && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    const child = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env['PATH'],
        GIT_PROJECT_ROOT: dirname(path),
        GIT_HTTP_EXPORT_ALL: '1',
        GIT_PROTOCOL: request.headers['git-protocol'] as string | undefined,
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'safe.directory',
        GIT_CONFIG_VALUE_0: '*',
        REQUEST_METHOD: request.method,
        PATH_INFO: decodeURIComponent(pathname),
        QUERY_STRING: search.slice(1),
        CONTENT_TYPE: request.headers['content-type'],
      },
    })
    request.pipe(child.stdin)
    const pieces: Buffer[] = []
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece))
    child.on('close', () => {
      const answer = Buffer.concat(pieces)
      const end = answer.indexOf('\r\n\r\n')
      const headers = answer
        .subarray(0, end)
        .toString()
        .split('\r\n')
        .map((line) => line.split(/:\s*/, 2) as [string, string])
      const status = headers.find(([name]) => name === 'Status')?.[1]
      response
        .writeHead(Number.parseInt(status ?? '200', 10), Object.fromEntries(headers))
        .end(answer.subarray(end + 4))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { url: `http://127.0.0.1:${port}/${path.slice(dirname(path).length + 1)}`, requests }
}
