/**
 * Plays the part of Apache on a host: it starts once, outlives every release, and serves whatever `current` points to
 * at the moment of the request. A request that has begun ends with the release it began with.
 */
import { realpath } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { App } from '../src/app.ts'

const root = process.env['SHOP_ROOT'] ?? '/srv/shop'
const apps = new Map<string, Promise<App>>()

async function openRelease(folder: string): Promise<App> {
  const { createApp } = (await import(pathToFileURL(join(folder, 'dist/app.mjs')).href)) as {
    createApp: (folder: string) => Promise<App>
  }
  return createApp(folder)
}

/** The application behind `current`, opened once for each release; one that cannot be opened is tried anew. */
async function currentApp(): Promise<App> {
  const folder = await realpath(join(root, 'current'))
  const opened = apps.get(folder) ?? openRelease(folder)
  apps.set(folder, opened)
  opened.catch(() => apps.delete(folder))
  return opened
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const app = await currentApp()
    await app(request, response)
  } catch (error) {
    if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
    response.end(`${(error as Error).message}\n`)
  }
}

const server = createServer((request, response) => void answer(request, response))
server.listen(Number(process.env['SHOP_PORT'] ?? 0), '127.0.0.1', () => {
  process.send?.(server.address())
})
// Whoever started it holds the other end; when that process ends, however it ends, so does this one.
process.on('disconnect', () => process.exit(0))
