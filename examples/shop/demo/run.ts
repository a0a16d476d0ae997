/**
 * The whole deploy on this machine: real git, files, processes and HTTP, and an AWS on loopback.
 * `--keep` leaves the environment up at the end, until Ctrl-C.
 */
import { generateKeyPairSync } from 'node:crypto'
import { buildArtifact } from '@fairlead/artifact-builder'
import type { LedgerHead } from '@fairlead/core'
import { readTarget } from '@fairlead/release-resolver'
import { publishArtifact, s3Store } from '@fairlead/s3-publisher'
import { startEnvironment, type DemoEnvironment, type Group } from './environment.ts'
import { createNarrator, type Narrator } from './narrator.ts'
import { runJob, type JobResult } from './pipeline-job.ts'
import { startProbe, type Seen } from './probe.ts'
import { createRepository, type Repository } from './repository.ts'
import { createWorkplace } from './workplace.ts'

/** The SDK says at each start that Node 20 is old; a reader of this story has no use for that. */
const nodeWarningSwitch = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'

interface Stage {
  readonly environment: DemoEnvironment
  readonly repository: Repository
  readonly narrator: Narrator
  readonly merge: () => Promise<JobResult>
  readonly promote: (group: Group, tag: string) => Promise<JobResult>
  readonly ledger: (group: Group) => Promise<LedgerHead | undefined>
}

async function firstRelease({ repository, narrator, merge, promote, ledger }: Stage): Promise<void> {
  narrator.step(
    'A merge: tests, one artifact, one publication, a deployment to dev',
    'pipeline/merge.ts runs as a CI server would run it. Each line with a host is an event of its CodeDeploy agent.',
  )
  const commit = repository.commit('The shop')
  narrator.confirm((await merge()).exitCode === 0, 'the merge was built, published and deployed to dev')

  narrator.step(
    'A release: tag v1.0.0 goes to staging and production',
    'pipeline/promote.ts looks up what the tagged commit was built into. Nothing is built or tested again.',
  )
  repository.tag('v1.0.0')
  narrator.confirm((await promote('staging', 'v1.0.0')).exitCode === 0, 'v1.0.0 runs in staging')
  narrator.confirm(
    (await promote('production', 'v1.0.0')).exitCode === 0,
    'v1.0.0 runs on all three hosts of production',
  )
  const running = await Promise.all((['dev', 'staging', 'production'] as const).map((group) => ledger(group)))
  const digests = new Set(running.map((head) => head?.current?.sha256))
  const versions = new Set(running.map((head) => versionIdOf(head)))
  for (const head of running) {
    narrator.say(
      `${head?.target.deploymentGroup.padEnd(10)}  sha256 ${head?.current?.sha256}  VersionId ${versionIdOf(head)}`,
    )
  }
  narrator.confirm(digests.size === 1 && !digests.has(undefined), 'the same bytes everywhere')
  narrator.confirm(versions.size === 1 && !versions.has(undefined), 'the same version of the same object in S3')
  narrator.confirm(
    running.every((head) => head?.current?.commit === commit),
    'built from the tagged commit',
  )
}

async function secondRelease({ environment, repository, narrator, merge, promote }: Stage): Promise<void> {
  narrator.step(
    'A change: v1.1.0, while visitors keep coming',
    'Every host is requested without a pause during each switch, and every request has to be answered.',
  )
  addProduct(repository, '1.1.0', "{ id: 'compass', name: 'Compass', priceEur: 38 }")
  repository.commit('Sell a compass')
  const probe = startProbe(environment.hosts)
  try {
    const switches: [Group, () => Promise<JobResult>][] = [
      ['dev', merge],
      ['staging', () => promote('staging', 'v1.1.0')],
      ['production', () => promote('production', 'v1.1.0')],
    ]
    for (const [group, deploy] of switches) {
      probe.look()
      const { exitCode } = await deploy()
      narrator.confirm(exitCode === 0, `v1.1.0 runs in ${group}`)
      reportSwitch(narrator, group, probe.look(), environment)
      if (group === 'dev') repository.tag('v1.1.0')
    }
  } finally {
    await probe.stop()
  }
}

async function failedRelease({ environment, repository, narrator, merge, promote, ledger }: Stage): Promise<void> {
  narrator.step(
    'A revision that production refuses: v1.2.0, and the way back',
    'It sells an anchor for 80 EUR. Orders in production are limited to 50 EUR, which only its own smoke test can see.',
  )
  addProduct(repository, '1.2.0', "{ id: 'anchor', name: 'Anchor', priceEur: 80 }")
  repository.commit('Sell an anchor')
  narrator.confirm((await merge()).exitCode === 0, 'dev takes v1.2.0')
  repository.tag('v1.2.0')
  const probe = startProbe(environment.hosts)
  try {
    const { exitCode, lines } = await promote('production', 'v1.2.0')
    const text = lines.join('\n')
    narrator.confirm(exitCode !== 0, 'the promotion failed, and says so with its exit code')
    narrator.confirm(
      text.includes('SMOKE TEST FAILED: Anchor cannot be ordered'),
      "the reason is the script's own words",
    )
    narrator.confirm(/rollback/i.test(text), 'CodeDeploy rolled back, and the rollback was followed to its end')
    reportSwitch(narrator, 'production', probe.look(), environment)
  } finally {
    await probe.stop()
  }
  const versions = await versionsNow(environment, 'production')
  narrator.confirm(
    versions.every((version) => version === '1.1.0'),
    'every host of production is back on v1.1.0',
  )
  const head = await ledger('production')
  narrator.confirm(head?.latest.status === 'failed' && head.current?.tag === 'v1.1.0', 'the ledger tells both')
}

async function refusals({ environment, repository, narrator, merge, promote, ledger }: Stage): Promise<void> {
  narrator.step(
    'Two things that must not happen',
    'A tag whose artifact dev never ran is promoted; a private key is put where the artifact would carry it.',
  )
  addProduct(repository, '1.3.0', "{ id: 'buoy', name: 'Buoy', priceEur: 20 }")
  repository.commit('Sell a buoy')
  const artifact = await buildArtifact({
    root: repository.path,
    include: ['views/**', 'public/**', '.env', 'appspec.yml'],
    output: `${repository.path}/build/unseen.zip`,
    requireAppSpec: false,
  })
  await publishArtifact(artifact, { store: shopStore(environment) })
  repository.tag('v1.3.0')
  const before = (await ledger('production'))?.latest.sequence
  const promotion = await promote('production', 'v1.3.0')
  narrator.confirm(
    promotion.exitCode !== 0 && promotion.lines.some((line) => line.includes('RELEASE_NOT_PROMOTABLE')),
    'v1.3.0 is refused: dev never ran it',
  )

  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  repository.write('public/old-key.pem', key)
  repository.commit('Add a key by mistake')
  const build = await merge()
  narrator.confirm(
    build.exitCode !== 0 && build.lines.some((line) => line.includes('ARTIFACT_HOLDS_SECRETS')),
    'the build is refused: it holds a private key',
  )
  narrator.confirm(!build.lines.some((line) => line.includes(key.slice(40, 60))), 'and no piece of the key was printed')
  narrator.confirm((await ledger('production'))?.latest.sequence === before, 'nothing was deployed by either')
}

async function summary({ environment, narrator, ledger }: Stage): Promise<void> {
  narrator.step('What runs where')
  for (const group of ['dev', 'staging', 'production'] as const) {
    const current = (await ledger(group))?.current
    const versions = await versionsNow(environment, group)
    narrator.say(
      `${group.padEnd(10)}  version ${versions.join(', ')}  commit ${current?.commit.slice(0, 12)}  sha256 ${current?.sha256.slice(0, 16)}…`,
    )
  }
  const objects = []
  for await (const object of shopStore(environment).list('artifacts/')) objects.push(object)
  narrator.say('')
  for (const { key, sizeBytes } of objects) narrator.say(`${key}  ${(sizeBytes / 1024).toFixed(0)} KiB`)
  narrator.say('')
  for (const { title, durationMs } of narrator.steps()) {
    narrator.say(`${(durationMs / 1000).toFixed(1).padStart(5)} s  ${title}`)
  }
}

function addProduct(repository: Repository, version: string, product: string): void {
  repository.edit('src/version.ts', (text) => text.replace(/'[^']+'/, `'${version}'`))
  repository.edit('src/catalogue.ts', (text) => text.replace(/\n\]/, `\n  ${product},\n]`))
}

function reportSwitch(narrator: Narrator, group: Group, seen: readonly Seen[], { hosts }: DemoEnvironment): void {
  const inGroup = new Set(hosts.filter((host) => host.group === group).map(({ name }) => name))
  for (const { host, sent, failures, versions } of seen.filter(({ host }) => inGroup.has(host))) {
    narrator.say(
      `${host.padEnd(13)} ${String(sent).padStart(5)} requests, ${failures.length} failed, versions seen: ${versions.join(' → ')}`,
    )
  }
  const failures = seen.flatMap((host) => host.failures)
  const sent = seen.reduce((total, host) => total + host.sent, 0)
  narrator.confirm(
    sent > 0 && failures.length === 0,
    `no failed request on any host${failures[0] ? ` (${failures[0]})` : ''}`,
  )
}

async function versionsNow({ hosts }: DemoEnvironment, group: Group): Promise<readonly string[]> {
  const answers = hosts.filter((host) => host.group === group).map(({ url }) => fetch(`${url}/health`))
  return (await Promise.all(answers)).map((answer) => answer.headers.get('x-shop-version') ?? 'none')
}

function versionIdOf(head: LedgerHead | undefined): string | undefined {
  const location = head?.current?.location
  return location?.kind === 's3' ? location.versionId : undefined
}

function shopStore({ aws, bucket }: DemoEnvironment) {
  return s3Store({ bucket, prefix: 'shop', client: aws.clients.s3 })
}

function explainKeep({ aws, bucket, hosts }: DemoEnvironment, narrator: Narrator): void {
  narrator.step('The environment stays up until Ctrl-C', 'In another terminal:')
  for (const [name, value] of Object.entries(aws.environment)) narrator.say(`export ${name}=${value}`)
  narrator.say('')
  const aws_ = `aws --endpoint-url ${aws.endpoint}`
  narrator.say(`${aws_} s3 ls --recursive s3://${bucket}`)
  narrator.say(`${aws_} deploy list-deployments --application-name shop --deployment-group-name production`)
  narrator.say(`${aws_} secretsmanager list-secrets`)
  for (const { name, url, root } of hosts) narrator.say(`${name}: ${url}  ${root}`)
}

async function tellStory(folder: string, keep: boolean, signal: AbortSignal): Promise<number> {
  const narrator = createNarrator((line) => console.log(line))
  narrator.step(
    'An AWS on this machine',
    'S3 with a versioned bucket, Secrets Manager, CodeDeploy; deployment groups dev (1 host), staging (1), production (3).',
    'Each host is a folder with an agent and a web server, and each group has secrets of its own.',
  )
  const environment = await startEnvironment(folder)
  try {
    narrator.say(`${environment.aws.endpoint}, account ${environment.aws.account}, region ${environment.aws.region}`)
    const repository = createRepository(`${folder}/shop`)
    const variables = {
      ...environment.aws.environment,
      [nodeWarningSwitch]: 'true',
      SHOP_AWS_ACCOUNT: environment.aws.account,
      SHOP_BUCKET: environment.bucket,
    }
    const job = (script: string, ...args: string[]) =>
      runJob(script, args, { folder: repository.path, environment: variables, onLine: narrator.quote, signal })
    const stage: Stage = {
      environment,
      repository,
      narrator,
      merge: () => job('pipeline/merge.ts'),
      promote: (group, tag) => job('pipeline/promote.ts', group, tag),
      ledger: (group) => readTarget({ application: 'shop', deploymentGroup: group }, { store: shopStore(environment) }),
    }
    for (const act of [firstRelease, secondRelease, failedRelease, refusals, summary]) {
      signal.throwIfAborted()
      await act(stage)
    }
    if (keep) {
      explainKeep(environment, narrator)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    }
  } finally {
    await environment.close()
  }
  for (const problem of narrator.problems()) console.error(`NOT AS IT SHOULD BE: ${problem}`)
  return narrator.problems().length === 0 ? 0 : 1
}

process.env[nodeWarningSwitch] = 'true'
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))
}
// A killed npm cannot tell us that it is gone; then nobody watches any more.
const parent = process.ppid
const orphanWatch = setInterval(
  () => process.ppid !== parent && stopping.abort(new Error('nobody watches any more')),
  500,
)
orphanWatch.unref()
const workplace = createWorkplace()
try {
  process.exitCode = await tellStory(workplace.folder, process.argv.includes('--keep'), stopping.signal)
} catch (error) {
  console.error(stopping.signal.aborted ? String(stopping.signal.reason) : error)
  process.exitCode = 1
} finally {
  workplace.remove()
}
