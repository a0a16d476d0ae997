import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { inPlaceEvents } from '../../src/events.ts'
import type { AgentProfile, Host } from '../../src/model.ts'
import type { Accounts } from './accounts.ts'
import { ourAgent, type ObservedEvent, type PlayedAgent } from './agent.ts'
import { digestOf, hookFacts, inAnyOrder, layoutBelow, linesOf, stateOf, treeOf } from './observe.ts'
import { fillIn, toText } from './placeholders.ts'
import { applyChange, archiveBytes, expandEntries, writeFolder } from './stage.ts'
import type { Expectation, ExpectedEvent, Vector, VectorEntry, VectorStep } from './vector.ts'
import type { BundleFormat } from './write-bundle.ts'

export interface PlayOptions {
  readonly accounts: Accounts
  /** Default `official-1.8`, which the vectors were recorded from. */
  readonly profile?: AgentProfile
  /** Default: ours. */
  readonly agentOn?: (host: Host) => PlayedAgent
}

/** Plays a vector on a host in an empty folder and answers what differs from the recording, nothing if nothing does. */
export async function playVector(vector: Vector, folder: string, options: PlayOptions): Promise<readonly string[]> {
  const { accounts, profile = 'official-1.8', agentOn = ourAgent } = options
  const host = { name: 'vector', folder, profile, maxRevisions: vector.agentConfig?.max_revisions }
  const places = {
    root: join(folder, 'opt/codedeploy-agent/deployment-root'),
    target: join(folder, 'target'),
    bundles: join(folder, 'bundles'),
  }
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true, mode: 0o755 })
  const agent = agentOn(host)
  const differences: string[] = []
  const bundles: (readonly VectorEntry[])[] = []
  try {
    for (const [index, step] of vector.steps.entries()) {
      const location = join(places.bundles, `bundle-${index + 1}${extensionOf(step)}`)
      const fill = <T>(value: T): T => fillIn(value, placeholdersOf(folder, places, accounts, location), idOf)
      const given = step.bundle ?? []
      bundles.push('sameAs' in given ? (bundles[given.sameAs - 1] ?? []) : given)
      const expected = fill(vector.expect[index])
      if (!expected) throw new Error(`${vector.name} expects nothing of step ${index + 1}`)
      for (const change of fill(step.before ?? [])) applyChange(change, places.target)
      const played = await playStep(vector, fill({ ...step, bundle: bundles[index] ?? [] }), { agent, index, location })
      await wait(vector.waitAfterMs ?? 0)
      const found = compareStep(vector, expected, played, { ...places, index, group: step.deployment.group })
      differences.push(...found.map((text) => `step ${index + 1}, ${text}`))
    }
  } finally {
    agent.stop?.()
  }
  return differences
}

function idOf(step: number): string {
  return `d-STEP${step}`
}

function extensionOf({ deployment: { bundleType } }: VectorStep): string {
  return bundleType === 'directory' ? '' : `.${bundleType}`
}

function placeholdersOf(
  folder: string,
  { root, target }: { readonly root: string; readonly target: string },
  { user, userGroup, nologinUser }: Accounts,
  bundleLocation: string,
): Record<string, string | undefined> {
  const agentUser = process.getuid?.() === 0 ? 'root' : undefined
  return { target, root, agentCwd: folder, agentUser, user, userGroup, nologinUser, bundleLocation, cr: '\r' }
}

interface PlayedStep {
  readonly events: readonly ObservedEvent[]
  readonly status: string
  readonly error?: string | undefined
}

type FilledStep = VectorStep & { readonly bundle: readonly VectorEntry[] }

interface StepFacts {
  readonly agent: PlayedAgent
  readonly index: number
  readonly location: string
}

function playStep(vector: Vector, step: FilledStep, facts: StepFacts): Promise<PlayedStep> {
  const { location } = facts
  const { bundleType } = step.deployment
  const entries = expandEntries(step.bundle)
  if (bundleType === 'directory') writeFolder(entries, location)
  else writeFileSync(location, archiveBytes(step, entries, bundleType))
  return vector.driver === 'daemon' ? playDaemon(step, facts) : playLocalTool(step, facts)
}

async function playDaemon(step: VectorStep, { agent, index, location }: StepFacts): Promise<PlayedStep> {
  const { deployment: wanted, during } = step
  const bytes = readFileSync(location)
  const events: ObservedEvent[] = []
  let status = 'Succeeded'
  for (const name of wanted.events ?? inPlaceEvents) {
    const specification = specificationOf(step, idOf(index + 1))
    const event = await agent.command(
      { id: `${idOf(index + 1)}/${name}`, name, specification },
      {
        bundle: location,
        bytes,
        reply: wanted.acknowledgementReplies?.[name] ?? 'InProgress',
        during: during?.event === name ? during : undefined,
      },
    )
    events.push(event)
    if (event.status !== 'Failed') continue
    status = 'Failed'
    if (wanted.continueAfterFailureOf !== name) break
  }
  return { events, status }
}

async function playLocalTool(step: VectorStep, { agent, index, location }: StepFacts): Promise<PlayedStep> {
  const { deployment: wanted } = step
  const { events, error } = await agent.local(
    {
      location,
      bundleType: wanted.bundleType,
      deploymentId: idOf(index + 1),
      deploymentGroupId: wanted.group,
      deploymentGroupName: wanted.groupName,
      applicationName: wanted.application,
      fileExistsBehavior: wanted.fileExistsBehavior,
      appSpecFilename: wanted.appSpecFilename,
    },
    wanted.events,
  )
  const failed = error !== undefined || events.some(({ status }) => status === 'Failed')
  return { events, status: failed ? 'Failed' : 'Succeeded', error }
}

/** The specification that the recorded service sent. */
function specificationOf(
  { deployment: wanted }: VectorStep,
  deploymentId: string,
): { format: string; payload: string } {
  const type = wanted.bundleType as BundleFormat
  const members: Record<string, unknown> = {
    DeploymentId: deploymentId,
    DeploymentGroupId: wanted.group,
    DeploymentGroupName: wanted.groupName ?? 'group-name',
    ApplicationName: wanted.application ?? 'app',
    DeploymentCreator: wanted.creator ?? 'user',
    DeploymentType: wanted.type ?? 'IN_PLACE',
    AppSpecFilename: wanted.appSpecFilename,
    AllPossibleLifecycleEvents: wanted.allPossibleLifecycleEvents,
    AgentActionOverrides:
      wanted.fileExistsBehavior === undefined
        ? undefined
        : { AgentOverrides: { FileExistsBehavior: wanted.fileExistsBehavior } },
    Revision: {
      RevisionType: 'S3',
      S3Revision: {
        Bucket: 'bucket',
        Key: `app/bundle.${type}`,
        BundleType: type,
        Version: null,
        ETag: null,
        ...wanted.revision,
      },
    },
  }
  const left = Object.entries(members).filter(([name]) => !wanted.specOmit?.includes(name))
  return { format: wanted.envelopeFormat ?? 'PKCS7/JSON', payload: JSON.stringify(Object.fromEntries(left)) }
}

interface HostPlaces {
  readonly root: string
  readonly target: string
  readonly index: number
  readonly group: string
}

/** What a step left behind, against what the recorded one left. */
function compareStep(vector: Vector, expected: Expectation, played: PlayedStep, places: HostPlaces): string[] {
  const differences: string[] = []
  const differ: Differ = (what, actual, wish) => {
    if (isDeepStrictEqual(actual, wish)) return
    differences.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(wish)}`)
  }
  const names = (events: readonly { readonly name: string }[]) => events.map(({ name }) => name)
  differ('events', names(played.events), names(expected.events))
  differ('status', played.status, expected.status)
  if (vector.driver === 'codedeploy-local') {
    if (expected.exitStatus !== undefined)
      differ('exit status', played.status === 'Succeeded' ? 0 : 1, expected.exitStatus)
    differ('error', played.error, expected.error)
  }
  for (const [index, wish] of expected.events.entries()) {
    const event = played.events[index]
    if (event) compareEvent(vector, event, wish, differ)
  }
  compareFiles(vector, expected, places, differ)
  return differences
}

type Differ = (what: string, actual: unknown, wish: unknown) => void

function compareEvent(vector: Vector, event: ObservedEvent, wish: ExpectedEvent, differ: Differ): void {
  const { name } = wish
  differ(`status of ${name}`, event.status, wish.status)
  if (wish.script !== undefined) differ(`script of ${name}`, event.script ?? '', wish.script)
  if (wish.message !== undefined) differ(`message of ${name}`, event.message, wish.message)
  if (vector.driver !== 'daemon') return
  differ(`acknowledgement of ${name}`, event.acknowledged, wish.acknowledged ?? true)
  if (wish.noop !== undefined) differ(`noop of ${name}`, event.noop, wish.noop)
  differ(`code of ${name}`, event.code, wish.code)
  if (wish.log !== undefined) compareLines(`log of ${name}`, linesOf(event.log ?? ''), wish.log, vector, differ)
  const sent = wish.completionsSent ?? (wish.status === 'NotCompleted' ? 0 : 1)
  differ(`completions of ${name}`, event.completionsSent, sent)
}

function compareFiles(vector: Vector, expected: Expectation, places: HostPlaces, differ: Differ): void {
  const { root, target, group, index } = places
  const own = join(root, group, idOf(index + 1))
  if (expected.targetTree) differ('target', treeOf(target, expected.targetTree), expected.targetTree)
  if (expected.targetDigest) differ('digest of the target', digestOf(target), expected.targetDigest)
  const log = join(own, 'logs/scripts.log')
  const lines = existsSync(log) ? linesOf(toText(readFileSync(log))) : undefined
  compareLines('scripts.log', lines, expected.logLines, vector, differ)
  const { environment, folders } = hookFacts(lines ?? [])
  if (expected.hookEnv && Object.keys(environment).length > 0) differ('environment', environment, expected.hookEnv)
  if (expected.cwdOfHooks !== undefined && folders.length > 0) {
    differ('working directory', [...new Set(folders)], [expected.cwdOfHooks])
  }
  if (expected.stateFiles) {
    const state = stateOf(join(root, 'deployment-instructions'))
    const isAny = expected.stateOrder === 'any'
    differ(
      'state files',
      isAny ? inAnyOrder(state) : state,
      isAny ? inAnyOrder(expected.stateFiles) : expected.stateFiles,
    )
  }
  if (expected.retained) {
    const folder = join(root, group)
    differ('retained', existsSync(folder) ? readdirSync(folder).sort() : [], [...expected.retained].sort())
  }
  if (expected.layout) differ('layout', layoutBelow(root), expected.layout)
  if (expected.archiveTree) {
    differ('archive', treeOf(join(own, 'deployment-archive'), expected.archiveTree), expected.archiveTree)
  }
  for (const [path, content] of Object.entries(expected.outside ?? {})) {
    differ(path, existsSync(path) ? toText(readFileSync(path)) : null, content)
  }
}

/** A line end that is missing is only looked at where the recording says so. */
function compareLines(
  what: string,
  actual: readonly string[] | undefined,
  wish: readonly string[] | undefined,
  { logOrder }: Vector,
  differ: Differ,
): void {
  const isMarked = wish?.some((line) => line.includes('{{no-newline}}')) ?? false
  const normal = (lines: readonly string[] | undefined) => {
    const bare = isMarked ? lines : lines?.map((line) => line.replace('{{no-newline}}', ''))
    return logOrder === 'any' ? [...(bare ?? [])].sort() : bare
  }
  differ(what, normal(actual), normal(wish))
}
