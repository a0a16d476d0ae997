/** `npm run bench -- local-aws`: the kit under load, beside a bare node:http server in the same run. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { formatTable, makeRow, median, writeResults, type Row, type Unit } from '../results.ts'
import {
  agent,
  get,
  makePayload,
  peakMiB,
  put,
  sdkClient,
  startServer,
  type LoadedServer,
  type Payload,
} from './load.ts'

const caseNames = ['start', 'put', 'put-by-sdk', 'get', 'small', 'memory'] as const
type CaseName = (typeof caseNames)[number]

export const usage = `usage: npm run bench -- local-aws [options]
  --runs <n>         rounds of each case; what is reported is the median (default 5)
  --case <list>      ${caseNames.join(', ')} (default all)
  --mib <n>          the size of a large body (default 256)
  --requests <n>     how many small requests (default 10000)
  --results <file>   default benchmarks/results/local-aws.json`

const sink = 'bare node:http'
/** What the digests and the file take by themselves: no server that computes them is faster. */
const digestsAlone = 'bare node:http with the digests and a file'

export async function benchLocalAws(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '5' },
      case: { type: 'string', default: caseNames.join(',') },
      mib: { type: 'string', default: '256' },
      requests: { type: 'string', default: '10000' },
      results: { type: 'string', default: join(import.meta.dirname, '../results/local-aws.json') },
    },
  })
  const [rounds, mib, requests] = [values.runs, values.mib, values.requests].map(Number) as [number, number, number]
  for (const count of [rounds, mib, requests]) {
    if (!Number.isSafeInteger(count) || count < 1) throw new Error('a count is a whole number from 1 on')
  }
  const chosen = values.case.split(',')
  const unknown = chosen.filter((name) => !(caseNames as readonly string[]).includes(name))
  if (unknown.length > 0) throw new Error(`no case is called ${unknown.join(', ')}`)
  console.log(`Node ${process.versions.node}, ${rounds} rounds`)
  const rows: Row[] = []
  for (const name of chosen as CaseName[]) rows.push(...(await runCase(name, { rounds, mib, requests })))
  agent.destroy()
  writeResults(resolve(values.results), rows)
  console.log(`\n${formatTable(rows)}\n\nwritten to ${values.results}`)
}

interface Sizes {
  readonly rounds: number
  readonly mib: number
  readonly requests: number
}

async function runCase(name: CaseName, sizes: Sizes): Promise<readonly Row[]> {
  if (name === 'start') return measureStart()
  const [ours, theirs, floor] = await Promise.all(
    (['server.mjs', 'sink.mjs', 'floor.mjs'] as const).map((script) => startServer(script)),
  )
  const servers = { ours, theirs, floor } as Servers
  try {
    return await measures[name](servers, sizes)
  } finally {
    await Promise.all(Object.values(servers).map((server: LoadedServer) => server.stop()))
  }
}

interface Servers {
  readonly ours: LoadedServer
  readonly theirs: LoadedServer
  readonly floor: LoadedServer
}

const measures: Readonly<
  Record<Exclude<CaseName, 'start'>, (servers: Servers, sizes: Sizes) => Promise<readonly Row[]>>
> = {
  put: measurePut,
  'put-by-sdk': measurePutBySdk,
  get: measureGet,
  small: measureSmall,
  memory: measureMemory,
}

function measureStart(): readonly Row[] {
  const script = join(import.meta.dirname, 'start.mjs')
  const { importMs, startMs } = JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' })) as {
    importMs: number
    startMs: number[]
  }
  console.log(`  import ${importMs.toFixed(0)} ms; starts ${startMs.map((ms) => ms.toFixed(0)).join(', ')} ms`)
  return [makeRow('start', 'the bar of 50 ms', 's', [median(startMs) / 1000, 0.05])]
}

interface Contenders {
  readonly ours: () => Promise<number>
  readonly peers: Readonly<Record<string, () => Promise<number>>>
}

/** The servers take turns, and another one begins in each round. A row for each peer. */
async function inTurns(rounds: number, name: string, unit: Unit, { ours, peers }: Contenders): Promise<readonly Row[]> {
  const contenders = Object.entries({ ours, ...peers })
  const values = new Map(contenders.map(([contender]) => [contender, [] as number[]]))
  for (let round = 0; round < rounds; round++) {
    const first = round % contenders.length
    for (const [contender, measure] of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      values.get(contender)?.push(await measure())
    }
    const told = contenders.map(([contender]) => `${contender} ${values.get(contender)?.at(-1)?.toFixed(3)} ${unit}`)
    console.log(`  ${name} ${round + 1}: ${told.join(', ')}`)
  }
  const medianOf = (contender: string) => median(values.get(contender) ?? [])
  return Object.keys(peers).map((peer) => makeRow(name, peer, unit, [medianOf('ours'), medianOf(peer)]))
}

async function seconds(run: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await run()
  return (performance.now() - began) / 1000
}

async function measurePut(servers: Servers, { rounds, mib }: Sizes): Promise<readonly Row[]> {
  const payload = makePayload(randomBytes(1024 ** 2), mib)
  const once = (server: LoadedServer) => () =>
    seconds(async () => {
      const { status, eTag } = await put(server, 'large', payload)
      if (status !== 200 || (server !== servers.theirs && eTag !== payload.md5))
        throw new Error(`put: ${status} ${eTag}`)
    })
  return besideBoth(`put-${mib}-mib`, rounds, servers, once)
}

/** As it is seen from a deploy script: the client computes a hash and a checksum before the first byte goes out. */
async function measurePutBySdk(servers: Servers, { rounds, mib }: Sizes): Promise<readonly Row[]> {
  const payload = makePayload(randomBytes(1024 ** 2), mib)
  const body = Buffer.concat(Array.from({ length: mib }, () => payload.block))
  const once = (server: LoadedServer) => {
    const client = sdkClient(server)
    return () =>
      seconds(async () => {
        const { ETag: eTag } = await client.send(new PutObjectCommand({ Bucket: 'bench', Key: 'large', Body: body }))
        if (server !== servers.theirs && eTag?.replaceAll('"', '') !== payload.md5) throw new Error(`put: ${eTag}`)
      })
  }
  return besideBoth(`put-${mib}-mib-by-sdk`, rounds, servers, once)
}

function besideBoth(
  name: string,
  rounds: number,
  { ours, theirs, floor }: Servers,
  once: (server: LoadedServer) => () => Promise<number>,
): Promise<readonly Row[]> {
  const peers = { [sink]: once(theirs), [digestsAlone]: once(floor) }
  return inTurns(rounds, name, 's', { ours: once(ours), peers })
}

async function measureGet({ ours, theirs }: Servers, { rounds, mib }: Sizes): Promise<readonly Row[]> {
  const payload = makePayload(randomBytes(1024 ** 2), mib)
  await put(ours, 'large', payload)
  const once = (server: LoadedServer) => () =>
    seconds(async () => {
      const { status, sizeBytes } = await get(server, 'large', payload)
      if (status !== 200 || sizeBytes !== payload.sizeBytes) throw new Error(`get: ${status}, ${sizeBytes} bytes`)
    })
  return inTurns(rounds, `get-${mib}-mib`, 's', { ours: once(ours), peers: { [sink]: once(theirs) } })
}

/** Puts and gets of a kilobyte, 64 at once, each with bytes of its own that have to come back. */
async function measureSmall({ ours, theirs }: Servers, { rounds, requests }: Sizes): Promise<readonly Row[]> {
  const payloads: readonly Payload[] = Array.from({ length: Math.ceil(requests / 2) }, () =>
    makePayload(randomBytes(1024), 1),
  )
  let wrong = 0
  const all = (server: LoadedServer) => () =>
    seconds(async () => {
      let next = 0
      const lane = async () => {
        for (let index = next++; index < payloads.length; index = next++) {
          const payload = payloads[index] as Payload
          const written = await put(server, `small-${index}`, payload)
          const read = await get(server, `small-${index}`, { sizeBytes: payload.sizeBytes, keep: true })
          if (written.status !== 200 || read.status !== 200) wrong++
          else if (server === ours && (written.eTag !== payload.md5 || !read.body?.equals(payload.block))) wrong++
        }
      }
      await Promise.all(Array.from({ length: 64 }, lane))
    })
  const rows = await inTurns(rounds, `small-${requests}-requests`, 's', {
    ours: all(ours),
    peers: { [sink]: all(theirs) },
  })
  console.log(`  ${wrong} of ${rounds * requests * 2} requests wrong`)
  if (wrong > 0) throw new Error(`${wrong} requests were answered wrongly`)
  return rows
}

/** What both processes hold at most while an object of 2 GiB passes in and out. */
async function measureMemory({ ours, theirs }: Servers): Promise<readonly Row[]> {
  const payload = makePayload(randomBytes(1024 ** 2), 2048)
  const before = peakMiB(ours)
  for (const server of [ours, theirs]) {
    const written = await put(server, 'huge', payload)
    const read = await get(server, 'huge', payload)
    if (written.status !== 200 || read.sizeBytes !== payload.sizeBytes) throw new Error('the huge object is not whole')
  }
  const [own, other] = [peakMiB(ours), peakMiB(theirs)]
  if (own === undefined || other === undefined) {
    console.log('  this system tells no resident set')
    return []
  }
  console.log(`  ours ${before?.toFixed(0)} MiB before, ${own.toFixed(0)} MiB at most`)
  return [makeRow('memory-2-gib', sink, 'MiB', [own, other])]
}
