/** Apache, started on loopback with the files of a folder, each in a place of its own; a program answers with its environment. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const modules = '/usr/lib/apache2/modules'

/** What `env -0` prints behind each of the files; `undefined` where Apache does not start with them. */
export async function environmentsOf(
  folder: string,
  count: number,
  environment: Readonly<Record<string, string>>,
): Promise<readonly (string | undefined)[]> {
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'env.sh'), "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec /usr/bin/env -0\n", {
    mode: 0o755,
  })
  const port = await freePort()
  writeFileSync(join(folder, 'httpd.conf'), configuration(folder, port, count))
  const args = ['-X', '-d', folder, '-f', join(folder, 'httpd.conf')]
  const server = spawn('apache2', args, { env: environment, stdio: 'ignore' })
  const ended = once(server, 'exit')
  try {
    const answers: (string | undefined)[] = []
    for (let index = 0; index < count; index++)
      answers.push(await answerOf(`http://127.0.0.1:${port}/${index}`, server))
    return answers
  } finally {
    server.kill('SIGTERM')
    await ended
  }
}

function configuration(folder: string, port: number, count: number): string {
  const loaded = ['mpm_prefork', 'authz_core', 'alias', 'env', 'cgi']
  const places = Array.from(
    { length: count },
    (_, index) => `<Location "/${index}">\nInclude ${folder}/.env.f${index}\n</Location>`,
  )
  return [
    `ServerRoot ${folder}\nServerName localhost\nListen 127.0.0.1:${port}`,
    // One process, which would wait five seconds for a second request before it takes another connection.
    'KeepAlive Off',
    `PidFile ${folder}/pid\nErrorLog ${folder}/log\nUser www-data\nGroup www-data`,
    ...loaded.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`),
    `ScriptAliasMatch ^/ ${folder}/env.sh`,
    ...places,
    '',
  ].join('\n')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answerOf(url: string, server: { readonly exitCode: number | null }): Promise<string | undefined> {
  while (server.exitCode === null) {
    try {
      return await (await fetch(url)).text()
    } catch {
      // It has not begun to listen.
      await sleep(50)
    }
  }
  return undefined
}
