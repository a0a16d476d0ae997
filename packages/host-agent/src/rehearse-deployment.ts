import { resolve } from 'node:path'
import { ambientOptionNames, checkOptions, systemClock, type AmbientOptions } from '@fairlead/core'
import { checkAppSpec } from '@fairlead/appspec'
import { hostAgentErrors } from './errors.ts'
import { inPlaceEvents } from './events.ts'
import type {
  AgentDeployment,
  AgentProfile,
  FileExistsBehavior,
  Host,
  HostEvent,
  LifecycleEventName,
  LocalHostRevision,
} from './model.ts'
import { compareFiles, type FileState } from './plan/file-changes.ts'
import { appSpecHazards, courseHazards, rollbackHazards, type Hazard } from './plan/hazards.ts'
import { layoutOf } from './plan/layout.ts'
import type { RehearsalReport, RehearsedDeployment, RehearsedEvent, RehearsedScript } from './plan/rehearsal-report.ts'
import type { RevisionFacts } from './plan/rehearsal.ts'
import { readMachine } from './ports/accounts.ts'
import { makeFolders, makeTemporaryFolder, removeTree } from './ports/host-files.ts'
import { readBundleType, readRevisionFacts } from './ports/read-revision.ts'
import { findSandbox, type Sandbox } from './ports/sandbox.ts'
import { snapshotHost } from './ports/snapshot.ts'
import { requireEvents } from './run-lifecycle-event.ts'
import { runEvent } from './steps/run-event.ts'
import { openScene } from './steps/scene.ts'
import { requireDeployment, requireHost } from './subject.ts'

export interface RehearseDeploymentOptions extends AmbientOptions<HostEvent> {
  /** The path of the bundle that is on the hosts now, a folder or an archive. Default: nothing was deployed yet. */
  readonly previous?: string | undefined
  /** The host's folder; what lies in it is the host. Default: an empty one, removed in the end. */
  readonly folder?: string | undefined
  /** The host's settings, found by every script. Default: none. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Default `official-2`. */
  readonly profile?: AgentProfile | undefined
  /** Default `DISALLOW`. */
  readonly fileExistsBehavior?: FileExistsBehavior | undefined
  /** Of the new revision's deployment. Default `d-NEXT`. */
  readonly deploymentId?: string | undefined
  readonly applicationName?: string | undefined
  readonly deploymentGroupName?: string | undefined
  /** Default `appspec.yml`. */
  readonly appSpecFilename?: string | undefined
  /** Default: those of an in-place deployment without load balancer. */
  readonly events?: readonly LifecycleEventName[] | undefined
  /**
   * `auto` uses bubblewrap where it works; `require` refuses where it does not; `none` runs scripts with your rights and
   * no walls. Default `auto`.
   */
  readonly sandbox?: 'auto' | 'require' | 'none' | undefined
  /** Run scripts as root, where this process is root. Default: as nobody in particular. */
  readonly asRoot?: boolean | undefined
}

type Role = RehearsedDeployment['role']

const group = 'rehearsal'

/**
 * Runs a deployment on a folder before it happens to a host: the previous revision, the new one, and the way back. The
 * hooks of the bundles run, within a sandbox where the machine has one. The report says whose scripts ran, what they
 * printed, which files came, changed and went, and what will hurt.
 *
 * @param bundle the path of the new revision, a folder or an archive
 * @throws HOST_BUNDLE_UNREADABLE, HOST_REHEARSAL_REFUSED, HOST_INVALID, HOST_DEPLOYMENT_INVALID, UNKNOWN_OPTION, INVALID_OPTION
 */
export async function rehearseDeployment(
  bundle: string,
  options: RehearseDeploymentOptions = {},
): Promise<RehearsalReport> {
  checkOptions('rehearseDeployment', options, [...optionNames, ...ambientOptionNames])
  const { previous, folder, events = inPlaceEvents, appSpecFilename = 'appspec.yml' } = options
  requireEvents('rehearseDeployment', 'events', events)
  const next = await readRevisionFacts(bundle, appSpecFilename)
  const old = previous === undefined ? undefined : await readRevisionFacts(previous, appSpecFilename)
  const place = folder === undefined ? await makeTemporaryFolder('fairlead-rehearsal-') : resolve(folder)
  try {
    const host = { name: 'rehearsal', folder: place, environment: options.environment, profile: options.profile }
    requireHost(host)
    await makeFolders(place)
    const sandbox = await chooseSandbox(place, options)
    const ids = { previous: 'd-PREVIOUS', next: options.deploymentId ?? 'd-NEXT', rollback: 'd-ROLLBACK' }
    const stage = { ids, host, sandbox, options, events } as const
    requireDeployment(deploymentOf(stage, 'next', bundle, 'directory'))
    const course = await runCourse(stage, { bundle, previous })
    const hazards = [
      ...findingsOf('previous', old),
      ...findingsOf('next', next),
      ...course.hazards,
      ...omissions(stage, [old, next]),
    ]
    const judged = course.deployments.filter(({ role }) => role !== 'previous')
    return {
      status: judged.every(({ status }) => status === 'Succeeded') ? 'Succeeded' : 'Failed',
      sandbox: sandbox?.kind ?? 'none',
      deployments: course.deployments,
      hazards,
      ...(folder === undefined ? {} : { folder: place }),
    }
  } finally {
    if (folder === undefined) await removeTree(place)
  }
}

const optionNames = [
  'previous',
  'folder',
  'environment',
  'profile',
  'fileExistsBehavior',
  'deploymentId',
  'applicationName',
  'deploymentGroupName',
  'appSpecFilename',
  'events',
  'sandbox',
  'asRoot',
] as const

interface Stage {
  readonly ids: Readonly<Record<Role, string>>
  readonly host: Host
  readonly sandbox: Sandbox | undefined
  readonly options: RehearseDeploymentOptions
  readonly events: readonly LifecycleEventName[]
}

/** Scripts as root without walls only where that was asked for in so many words. */
async function chooseSandbox(
  folder: string,
  { sandbox = 'auto', asRoot = false }: RehearseDeploymentOptions,
): Promise<Sandbox | undefined> {
  const found = sandbox === 'none' ? undefined : await findSandbox(folder, { asRoot })
  if (!found && sandbox === 'require') {
    throw hostAgentErrors.HOST_REHEARSAL_REFUSED({ reason: 'this machine has no bubblewrap that works' })
  }
  if (!found && readMachine().isRoot && !asRoot) {
    throw hostAgentErrors.HOST_REHEARSAL_REFUSED({ reason: 'the scripts would run as root, without a sandbox' })
  }
  return found
}

interface Course {
  readonly deployments: readonly RehearsedDeployment[]
  readonly hazards: readonly Hazard[]
}

async function runCourse(
  stage: Stage,
  { bundle, previous }: { readonly bundle: string; readonly previous: string | undefined },
): Promise<Course> {
  const look = () => snapshotHost(stage.host.folder, layoutOf(stage.host.folder).root)
  const deployments: RehearsedDeployment[] = []
  if (previous !== undefined) deployments.push(await deploy(stage, 'previous', previous, look))
  const before = await look()
  deployments.push(await deploy(stage, 'next', bundle, look))
  const hazards: Hazard[] = []
  if (previous !== undefined) {
    deployments.push(await deploy(stage, 'rollback', previous, look))
    hazards.push(...rollbackHazards(compareFiles(before, await look())))
  }
  return { deployments, hazards: [...deployments.flatMap(courseHazards), ...hazards] }
}

async function deploy(
  stage: Stage,
  role: Role,
  bundle: string,
  look: () => Promise<FileState>,
): Promise<RehearsedDeployment> {
  const deployment = deploymentOf(stage, role, bundle, await readBundleType(bundle))
  const deploymentId = stage.ids[role]
  const events: RehearsedEvent[] = []
  for (const event of stage.events) {
    const rehearsed = await rehearseEvent(stage, deployment, event, look)
    events.push(rehearsed)
    if (rehearsed.result.status === 'Failed') return { role, deploymentId, status: 'Failed', events }
  }
  return { role, deploymentId, status: 'Succeeded', events }
}

function deploymentOf(
  { ids, options }: Stage,
  role: Role,
  bundle: string,
  bundleType: LocalHostRevision['bundleType'],
): AgentDeployment {
  return {
    deploymentId: ids[role],
    deploymentGroupId: group,
    deploymentGroupName: options.deploymentGroupName ?? group,
    applicationName: options.applicationName ?? group,
    revision: { type: 'Local', location: resolve(bundle), bundleType },
    fileExistsBehavior: options.fileExistsBehavior,
    appSpecFilename: options.appSpecFilename,
    creator: role === 'rollback' ? 'codeDeployRollback' : 'user',
  }
}

async function rehearseEvent(
  { ids, host, sandbox, options }: Stage,
  deployment: AgentDeployment,
  event: LifecycleEventName,
  look: () => Promise<FileState>,
): Promise<RehearsedEvent> {
  const { signal, clock = systemClock, onEvent } = options
  const scripts: (RehearsedScript & { readonly lines: { stream: 'stdout' | 'stderr'; line: string }[] })[] = []
  const listen = (news: HostEvent): void => {
    if (news.type === 'host.script-started')
      scripts.push({ location: news.script, from: roleOf(ids, news.from), lines: [] })
    if (news.type === 'host.script-output') scripts.at(-1)?.lines.push({ stream: news.stream, line: news.line })
    onEvent?.(news)
  }
  const before = await look()
  const isolation = { wrap: sandbox?.wrap, keepsUser: !(options.asRoot ?? false) }
  const scene = await openScene({ host, deployment, event, isolation, clock, signal, onEvent: listen })
  const result = await runEvent({ ...scene, event }, undefined)
  return { result, scripts, changes: compareFiles(before, await look()) }
}

function roleOf(ids: Stage['ids'], deploymentId: string): Role {
  return (Object.keys(ids) as Role[]).find((role) => ids[role] === deploymentId) ?? 'previous'
}

function findingsOf(role: Role, facts: RevisionFacts | undefined): Hazard[] {
  if (facts?.appSpec === undefined) return []
  return appSpecHazards(role, checkAppSpec(facts.appSpec, { bundle: facts.files, name: facts.appSpecName }))
}

/** What the rehearsal did not show. */
function omissions({ sandbox, options }: Stage, revisions: readonly (RevisionFacts | undefined)[]): Hazard[] {
  const users = revisions.some((facts) => /^\s*(?:-\s*\{?.*)?runas\s*:/m.test(facts?.appSpec ?? ''))
  return [
    ...(sandbox
      ? []
      : [
          {
            rule: 'no-sandbox',
            severity: 'note',
            message: 'scripts ran without a sandbox: what they wrote outside of the host’s folder is on this machine',
            cure: 'Install bubblewrap.',
          } as const,
        ]),
    ...(users && !options.asRoot
      ? [
          {
            rule: 'runas-not-rehearsed',
            severity: 'note',
            message: 'scripts with runas ran as the same user as all others',
            cure: 'Rehearse as root with asRoot, on a machine that has the users.',
          } as const,
        ]
      : []),
  ]
}
