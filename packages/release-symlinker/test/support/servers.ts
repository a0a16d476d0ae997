/** Debian's web servers, each in a folder of its own, on a port of its own, as the user who runs the test. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, onTestFinished } from 'vitest'

export interface RunningServer {
  readonly url: string
  /** Of the master. */
  readonly pid: number
}

async function sparePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Workers of a master that root started run as another user, and Apache's and PHP's may not be root at all. */
const runner = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()
const user = runner === 'root' ? 'www-data' : runner

/** A test's folder is closed to others, and the workers are others. */
function open(folder: string): void {
  mkdirSync(folder, { recursive: true })
  chmodSync(dirname(folder), 0o755)
}

async function run(program: string, args: readonly string[], url: string): Promise<RunningServer> {
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (printed += String(text)))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
  })
  await expect
    .poll(
      async () => {
        if (child.exitCode !== null) throw new Error(`${program} ended: ${printed}`)
        return await fetch(url).then(
          () => true,
          () => false,
        )
      },
      { timeout: 20_000, interval: 50 },
    )
    .toBe(true)
  return { url, pid: child.pid ?? 0 }
}

/** nginx with two workers; `location` is what it does with a request. */
export async function startNginx(folder: string, location: string): Promise<RunningServer> {
  const port = await sparePort()
  open(folder)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const configuration = `
    daemon off; user ${user}; worker_processes 2; pid ${folder}/pid; error_log ${folder}/error.log;
    events { worker_connections 512; }
    http {
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
      access_log off; sendfile on; keepalive_requests 100000000; keepalive_timeout 600s; default_type text/plain;
      server { listen 127.0.0.1:${port}; ${location} }
    }`
  writeFileSync(join(folder, 'nginx.conf'), configuration)
  return await run(
    'nginx',
    ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')],
    `http://127.0.0.1:${port}/`,
  )
}

/** Apache with the event engine. */
export async function startApache(folder: string, documentRoot: string): Promise<RunningServer> {
  const port = await sparePort()
  open(folder)
  const modules = '/usr/lib/apache2/modules'
  const configuration = `
    ServerRoot ${folder}
    ServerName 127.0.0.1
    Listen 127.0.0.1:${port}
    PidFile ${folder}/pid
    Mutex file:${folder}
    ErrorLog ${folder}/error.log
    ${['mpm_event', 'authz_core', 'dir'].map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
    User ${user}
    MaxRequestWorkers 64
    # Who closes an idle connection may meet a request on its way: that is no matter of releases.
    MaxKeepAliveRequests 0
    KeepAliveTimeout 600
    DocumentRoot ${documentRoot}
    <Directory />
      Options FollowSymLinks
      Require all granted
    </Directory>`
  writeFileSync(join(folder, 'apache.conf'), configuration)
  const args = ['-f', join(folder, 'apache.conf'), '-D', 'FOREGROUND']
  return await run('apache2', args, `http://127.0.0.1:${port}/`)
}

/** The program of Debian's php-fpm, whose name carries its version; `undefined`: there is none. */
export function phpFpmProgram(): string | undefined {
  const names = existsSync('/usr/sbin') ? readdirSync('/usr/sbin') : []
  return names.find((name) => /^php-fpm\d/.test(name))
}

/** php-fpm with opcache as Debian sets it, three workers and the realpath cache of 120 s; answers its socket. */
export async function startPhpFpm(folder: string): Promise<{ readonly socket: string; readonly pid: number }> {
  open(folder)
  const socket = join(folder, 'fpm.sock')
  writeFileSync(
    join(folder, 'fpm.conf'),
    [
      '[global]',
      `pid = ${folder}/pid`,
      `error_log = ${folder}/error.log`,
      'daemonize = no',
      '[www]',
      `listen = ${socket}`,
      'listen.mode = 0666',
      ...(runner === 'root' ? [`user = ${user}`, `group = ${user}`] : []),
      'pm = static',
      'pm.max_children = 3',
      'php_admin_value[opcache.enable] = 1',
      'php_admin_value[opcache.revalidate_freq] = 2',
      'php_admin_value[realpath_cache_ttl] = 120',
      '',
    ].join('\n'),
  )
  const child = spawn(`/usr/sbin/${phpFpmProgram()}`, ['-y', join(folder, 'fpm.conf'), '-F'], { stdio: 'ignore' })
  onTestFinished(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
  })
  await expect.poll(() => existsSync(socket), { timeout: 20_000 }).toBe(true)
  return { socket, pid: child.pid ?? 0 }
}

/** What a run of wrk saw. */
export interface Load {
  readonly requests: number
  /** Answers with another status than 2xx or 3xx. */
  readonly refused: number
  /** Errors of connections: to connect, to read, to write, and timeouts. */
  readonly broken: number
  /** Lines of the script. */
  readonly said: Readonly<Record<string, number>>
}

/** Runs wrk while `work` runs; its script counts what it sees in the answers. */
export async function loadDuring(
  url: string,
  script: string,
  folder: string,
  work: () => Promise<void>,
): Promise<Load> {
  const file = join(folder, 'script.lua')
  writeFileSync(file, script)
  const output = join(folder, 'wrk.txt')
  // Stopped when the work is done; then it says what it saw.
  const wrk = spawn(
    'sh',
    ['-c', 'exec wrk -t2 -c8 -d600s --timeout 10s -s "$1" "$2" > "$3" 2>&1', 'sh', file, url, output],
    {
      stdio: 'ignore',
    },
  )
  onTestFinished(() => void wrk.kill('SIGKILL'))
  await new Promise((resolve) => setTimeout(resolve, 300))
  await work()
  wrk.kill('SIGINT')
  await new Promise((resolve) => wrk.once('exit', resolve))
  const text = readFileSync(output, 'utf8')
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0)
  const said = Object.fromEntries(
    [...text.matchAll(/^said (\S+) (\d+)$/gm)].map(([, name = '', count]) => [name, Number(count)]),
  )
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? []
  return {
    requests: number(/(\d+) requests in/),
    refused: number(/Non-2xx or 3xx responses: (\d+)/),
    broken: sockets.reduce((sum, count) => sum + Number(count), 0),
    said,
  }
}
