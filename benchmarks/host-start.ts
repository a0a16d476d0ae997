/**
 * How long the one file for hosts takes to start, beside an empty program of Node, in turn: `npm run bench:host-start`. The limits are
 * 40 ms more without a call of AWS, and 90 ms more with one.
 */
import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startLocalAws } from '@fairlead/local-aws'

const rounds = 25
const hostFile = fileURLToPath(new URL('../packages/cli/dist/fairlead-host.mjs', import.meta.url))

if (process.argv[2] === 'serve') await serve()
else await measure()

/** Answers calls in a process of its own, since the measuring one waits for each program. */
async function serve(): Promise<void> {
  const aws = await startLocalAws({ secrets: { 'shop/dev/env': '{"A":"x"}' } })
  process.send!(aws.environment)
  process.once('disconnect', () => void aws.close())
}

async function measure(): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), ['serve'], { execArgv: process.execArgv })
  const [environment] = (await once(server, 'message')) as [Record<string, string>]
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-start-'))
  const secrets = ['secrets', 'check', '--directory', directory, '--dotenv-file', '.env', '--from', 'shop/dev/env']
  const programs = {
    'node -e 0': ['-e', '0'],
    'no call (secrets --help)': [hostFile, 'secrets', '--help'],
    'refused before a call': [hostFile, ...secrets, '--dialect', 'none'],
    'one call (secrets check)': [hostFile, ...secrets],
  }
  const times = new Map(Object.keys(programs).map((name) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, args] of Object.entries(programs)) {
      const start = performance.now()
      spawnSync(process.execPath, args, { env: { PATH: process.env['PATH'], ...environment } })
      times.get(name)!.push(performance.now() - start)
    }
  }
  const ordered = new Map([...times].map(([name, taken]) => [name, taken.sort((a, b) => a - b)]))
  const empty = ordered.get('node -e 0')!
  for (const [name, taken] of ordered) {
    const more = [Math.floor(rounds / 2), 0].map((index) => (taken[index]! - empty[index]!).toFixed(1))
    console.log(`${name.padEnd(26)} ${more[0]} ms more in the median, ${more[1]} ms more at best`)
  }
  rmSync(directory, { recursive: true })
  server.disconnect()
}
