import { spawn, type ChildProcess } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

export interface WebServer {
  readonly url: string
  readonly close: () => Promise<void>
}

const script = fileURLToPath(new URL('../server/web-server.ts', import.meta.url))

/** Starts the web server of a host: a process of its own, which ends with ours even if ours is killed. */
export async function startWebServer(root: string): Promise<WebServer> {
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    env: { PATH: process.env['PATH'], SHOP_ROOT: root },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { port } = await new Promise<AddressInfo>((resolve, reject) => {
    child.once('message', (address) => resolve(address as AddressInfo))
    child.once('exit', (code) => reject(new Error(`the web server of ${root} ended with ${code}`)))
  })
  return { url: `http://127.0.0.1:${port}`, close: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await ended
}
