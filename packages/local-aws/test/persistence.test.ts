import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { startLocalAws } from '../src/index.ts'

const dist = new URL('../dist/index.js', import.meta.url).href
const kills = process.env['FAIRLEAD_LONG'] ? 300 : 4
const buckets = [{ name: 'versioned', versioned: true }, { name: 'plain' }]

/** A server in a process of its own, which can be killed. */
async function serverProcess(folder: string) {
  const options = JSON.stringify({ folder, buckets, secrets: { counter: '0' } })
  const source = `
    const { startLocalAws } = await import(${JSON.stringify(dist)})
    const aws = await startLocalAws(${options})
    const { endpoint, region, credentials } = aws
    console.log(JSON.stringify({ endpoint, region, credentials, counter: aws.inspect.readSecret({ name: 'counter' }) }))
  `
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] },
  })
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const facts = JSON.parse(line.toString()) as {
    endpoint: string
    region: string
    credentials: { accessKeyId: string; secretAccessKey: string }
    counter: string
  }
  return { child, ...facts }
}

/** What was acknowledged: versions that must be there, and for each plain key what it may be. */
interface Ledger {
  readonly versions: Map<string, { readonly key: string; readonly body: string }>
  /** The last that was acknowledged (`undefined` where that was a deletion), and what was asked for since. */
  readonly plain: Map<string, { acknowledged: string | undefined; asked: Set<string | undefined> }>
  counter: number
  counterAsked: number
}

/** Of a few kilobytes, or so large that it is written as it comes. */
function bodyOf(text: string): string {
  return `${text} `.repeat(text.endsWith('/large') ? 40_000 : 3000)
}

/** Writes until the server is gone. */
async function writeUntilDeath(
  { endpoint, region, credentials }: Awaited<ReturnType<typeof serverProcess>>,
  ledger: Ledger,
  round: number,
): Promise<void> {
  const configuration = { endpoint, region, credentials, maxAttempts: 1 }
  const s3 = new S3Client({ ...configuration, forcePathStyle: true })
  const secrets = new SecretsManagerClient(configuration)
  const untilDeath = async (write: (step: number) => Promise<void>) => {
    try {
      for (let step = 0; ; step++) await write(step)
    } catch {
      // The server is gone; what was not acknowledged may be there or not.
    }
  }
  const putVersion = (lane: number) => async (step: number) => {
    const [key, text] = [`k${step % 5}`, `${round}/${lane}/${step}${step % 3 === 2 ? '/large' : ''}`]
    const { VersionId = '' } = await s3.send(
      new PutObjectCommand({ Bucket: 'versioned', Key: key, Body: bodyOf(text) }),
    )
    ledger.versions.set(VersionId, { key, body: text })
  }
  const changePlain = async (step: number) => {
    const key = `k${step % 5}`
    const facts = ledger.plain.get(key) ?? { acknowledged: undefined, asked: new Set() }
    ledger.plain.set(key, facts)
    const text = step % 4 === 3 ? undefined : `${round}/${step}`
    facts.asked.add(text)
    const place = { Bucket: 'plain', Key: key }
    if (text === undefined) await s3.send(new DeleteObjectCommand(place))
    else await s3.send(new PutObjectCommand({ ...place, Body: bodyOf(text) }))
    facts.acknowledged = text
    facts.asked.clear()
  }
  const uploadParts = async (step: number) => {
    const place = { Bucket: 'versioned', Key: `parts${step % 2}` }
    const text = `${round}/parts/${step}`
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(place))
    const part = new UploadPartCommand({ ...place, UploadId, PartNumber: 1, Body: bodyOf(text) })
    const { ETag, ChecksumCRC32 } = await s3.send(part)
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag, ChecksumCRC32 }] }
    const { VersionId = '' } = await s3.send(
      new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload }),
    )
    ledger.versions.set(VersionId, { key: place.Key, body: text })
  }
  const count = async () => {
    ledger.counterAsked = ledger.counter + 1
    await secrets.send(new PutSecretValueCommand({ SecretId: 'counter', SecretString: String(ledger.counterAsked) }))
    ledger.counter = ledger.counterAsked
  }
  await Promise.all([
    untilDeath(putVersion(0)),
    untilDeath(putVersion(1)),
    untilDeath(changePlain),
    untilDeath(uploadParts),
    untilDeath(count),
  ])
  s3.destroy()
  secrets.destroy()
}

/** What a start finds is all that was acknowledged, and everything that it finds is whole. */
async function requireWhole(folder: string, ledger: Ledger): Promise<void> {
  const aws = await startLocalAws({ folder })
  try {
    for (const [versionId, { key, body }] of ledger.versions) {
      const bytes = await aws.inspect.readObject({ bucket: 'versioned', key, versionId })
      expect(bytes.toString() === bodyOf(body), `${key} ${versionId}`).toBe(true)
    }
    for (const bucket of ['versioned', 'plain']) {
      for (const { key, versionId, sizeBytes } of aws.inspect.versions({ bucket })) {
        const text = (await aws.inspect.readObject({ bucket, key, versionId })).toString()
        expect(text.length).toBe(sizeBytes)
        expect(text === bodyOf(text.slice(0, text.indexOf(' '))), `${bucket} ${key}`).toBe(true)
      }
    }
    for (const [key, { acknowledged, asked }] of ledger.plain) {
      const found = aws.inspect.findObject({ bucket: 'plain', key })
      const text = found && (await aws.inspect.readObject({ bucket: 'plain', key })).toString().split(' ')[0]
      expect([acknowledged, ...asked], key).toContain(text)
      ledger.plain.set(key, { acknowledged: text, asked: new Set() })
    }
    const counter = Number(aws.inspect.readSecret({ name: 'counter' }))
    expect([ledger.counter, ledger.counterAsked]).toContain(counter)
    ledger.counter = counter
    ledger.counterAsked = counter
  } finally {
    await aws.close()
  }
}

test(
  `a server that is killed at any moment, ${kills} times, loses nothing that it acknowledged, and keeps nothing half`,
  async () => {
    let folder = ''
    let ledger: Ledger = { versions: new Map(), plain: new Map(), counter: 0, counterAsked: 0 }
    let acknowledged = 0
    for (let round = 0; round < kills; round++) {
      // Each start reads all that there is: a folder that grew through hundreds of rounds would take most of the time.
      if (round % 20 === 0) {
        folder = temporaryFolder()
        ledger = { versions: new Map(), plain: new Map(), counter: 0, counterAsked: 0 }
      }
      const server = await serverProcess(folder)
      // A seed is put only where it differs: the first start of a round sets the counter back.
      ledger.counter = Number(server.counter)
      ledger.counterAsked = ledger.counter
      const writing = writeUntilDeath(server, ledger, round)
      const before = ledger.versions.size
      while (ledger.versions.size === before) await new Promise((resolve) => setTimeout(resolve, 1))
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 150))
      server.child.kill('SIGKILL')
      await writing
      await requireWhole(folder, ledger)
      acknowledged += ledger.versions.size - before
    }
    console.log(`${acknowledged} versions were acknowledged before ${kills} kills, and all of them were there`)
    expect(acknowledged).toBeGreaterThanOrEqual(kills)
  },
  kills * 30_000,
)

test('what was replaced or deleted while it was written does not come back at the next start', async () => {
  const folder = temporaryFolder()
  const aws = await startLocalAws({ folder, buckets })
  const { s3 } = aws.clients
  for (let round = 0; round < 10; round++) {
    await Promise.all([
      ...Array.from({ length: 8 }, (_, index) =>
        s3.send(new PutObjectCommand({ Bucket: 'plain', Key: 'k', Body: String(index) })),
      ),
      s3.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'k' })),
    ])
    await s3.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'k' }))
  }
  await aws.close()
  const again = await startLocalAws({ folder })
  try {
    expect(again.inspect.versions({ bucket: 'plain' })).toEqual([])
  } finally {
    await again.close()
  }
})
