import { posix } from 'node:path'
import { checkAppSpec, inspectAppSpec, type BundleFiles } from '@fairlead/appspec'
import { inPlaceEvents } from '../events.ts'
import type { AgentProfile, FileExistsBehavior, LifecycleEventName } from '../model.ts'
import { appSpecWords } from './appspec-words.ts'
import { eventFailureOf } from './event-failure.ts'
import { expandPath, joinPath } from './host-path.ts'
import { appSpecHazards, type Hazard } from './hazards.ts'
import { destinationsOf, planInstall, type InstallInstruction, type PathKind, type SourceTree } from './install.ts'

/** What a bundle holds, as far as a plan needs it. */
export interface RevisionFacts {
  /** The text of its AppSpec; `undefined`: it has none. */
  readonly appSpec: string | undefined
  /** The AppSpec's path in the bundle. */
  readonly appSpecName: string
  /** Everything in the bundle, folders before what is in them. */
  readonly entries: readonly {
    readonly path: string
    readonly type: 'file' | 'folder' | 'link'
    readonly target?: string
  }[]
  /** The files, for the checks of scripts and sources. */
  readonly files: BundleFiles
}

export interface RehearsalFacts {
  /** What is on the host. Default: nothing was ever deployed. */
  readonly previous?: RevisionFacts | undefined
  readonly next: RevisionFacts
  /** Default `official-2`. */
  readonly profile?: AgentProfile | undefined
  /** The deployment's value. Default `DISALLOW`. */
  readonly fileExistsBehavior?: FileExistsBehavior | undefined
  /** What else lies on the host, by absolute path. Default: nothing. */
  readonly present?: Readonly<Record<string, 'file' | 'directory'>> | undefined
  /** Default: those of an in-place deployment without load balancer. */
  readonly events?: readonly LifecycleEventName[] | undefined
}

export interface PlannedEvent {
  readonly event: LifecycleEventName
  /** What runs, and of which revision. */
  readonly scripts: readonly {
    readonly location: string
    readonly from: 'previous' | 'next'
    readonly timeoutSeconds: number
    readonly runas?: string
  }[]
  /** Of Install: what goes before anything comes. */
  readonly deletes: readonly string[]
  readonly instructions: readonly InstallInstruction[]
  /** Why the event fails, in the agent's words. */
  readonly failure?: string
}

export interface PlannedRehearsal {
  /** Of the new revision; the last one is the one that fails, where one does. */
  readonly events: readonly PlannedEvent[]
  readonly hazards: readonly Hazard[]
}

const root = '/'
const archive = '/bundle'

/**
 * What a deployment will do to a host, as far as it can be known without running a script: whose scripts run, which files
 * go and come, and where Install refuses. Scripts may change all of it; `rehearseDeployment` runs them.
 */
export function planRehearsal(facts: RehearsalFacts): PlannedRehearsal {
  const host = new Map<string, PathKind>([[root, 'directory']])
  for (const [path, kind] of Object.entries(facts.present ?? {})) place(host, path, kind)
  const hazards: Hazard[] = []
  const installed = facts.previous ? installPrevious(facts, facts.previous, host) : []
  if (facts.previous) hazards.push(...hazardsOf('previous', facts.previous))
  hazards.push(...hazardsOf('next', facts.next))

  const events: PlannedEvent[] = []
  for (const event of facts.events ?? inPlaceEvents) {
    const planned = planEvent(event, facts, host, installed)
    events.push(planned)
    if (planned.failure === undefined) continue
    hazards.push(...failureHazards(planned))
    break
  }
  return { events, hazards }
}

function planEvent(
  event: LifecycleEventName,
  facts: RehearsalFacts,
  host: Map<string, PathKind>,
  installed: readonly string[],
): PlannedEvent {
  const nothing = { event, scripts: [], deletes: [], instructions: [] }
  if (event === 'DownloadBundle' || event === 'BlockTraffic' || event === 'AllowTraffic') return nothing
  if (event === 'Install') return planInstallOf(facts, host, installed)
  const from = ['BeforeBlockTraffic', 'AfterBlockTraffic', 'ApplicationStop'].includes(event) ? 'previous' : 'next'
  const revision = from === 'previous' ? facts.previous : facts.next
  if (!revision) return nothing
  const { spec, failure } = read(revision, facts)
  const scripts = (spec?.hooks[event] ?? []).map(({ location, timeoutSeconds, runas }) => ({
    location,
    from,
    timeoutSeconds,
    ...(runas === undefined ? {} : { runas }),
  })) satisfies PlannedEvent['scripts']
  const missing = scripts.find(({ location }) => !(posix.normalize(`/${location}`).slice(1) in revision.files))
  const missingFailure = missing && `Script does not exist at specified location: ${missing.location}`
  const reason = failure ?? missingFailure
  return { ...nothing, scripts, ...(reason === undefined ? {} : { failure: reason }) }
}

/** The previous Install: what it left is there, and is what the next one deletes. */
function installPrevious(
  facts: RehearsalFacts,
  previous: RevisionFacts,
  host: Map<string, PathKind>,
): readonly string[] {
  const { spec } = read(previous, facts)
  if (!spec) return []
  // It went through once: what was in its way is not known any more.
  const instructions = instructionsOf(previous, { ...facts, fileExistsBehavior: 'OVERWRITE' }, host)
  return 'failure' in instructions ? [] : apply(instructions.list, host)
}

function planInstallOf(facts: RehearsalFacts, host: Map<string, PathKind>, installed: readonly string[]): PlannedEvent {
  const event = 'Install'
  const { failure } = read(facts.next, facts)
  if (failure !== undefined) return { event, scripts: [], deletes: [], instructions: [], failure }
  const deletes = remove([...installed].reverse(), host)
  const planned = instructionsOf(facts.next, facts, host)
  if ('failure' in planned) return { event, scripts: [], deletes, instructions: [], failure: planned.failure }
  apply(planned.list, host)
  return { event, scripts: [], deletes, instructions: planned.list }
}

function instructionsOf(
  revision: RevisionFacts,
  facts: RehearsalFacts,
  host: ReadonlyMap<string, PathKind>,
): { readonly list: readonly InstallInstruction[] } | { readonly failure: string } {
  const { spec } = read(revision, facts)
  if (!spec) return { list: [] }
  const sources = spec.files.map((file) => {
    const path = joinPath(archive, file.source)
    return { file, path, tree: treeAt(revision, posix.normalize(`/${file.source}`)) }
  })
  const permissions = spec.permissions.map((rule) => ({ ...rule, object: expandPath(root, rule.object) }))
  const kinds = new Map<string, PathKind>()
  for (const path of [...destinationsOf(sources, ''), ...permissions.map(({ object }) => object)]) {
    kinds.set(path, host.get(expandPath(root, path)) ?? 'missing')
  }
  const fileExistsBehavior = spec.fileExistsBehavior ?? facts.fileExistsBehavior ?? 'DISALLOW'
  try {
    return { list: planInstall({ folder: '', sources, kinds, fileExistsBehavior, permissions }) }
  } catch (error) {
    const failure = eventFailureOf(error)
    if (!failure) throw error
    return { failure: failure.message }
  }
}

function read(revision: RevisionFacts, { profile = 'official-2' }: RehearsalFacts) {
  if (revision.appSpec === undefined) return { failure: `the bundle holds no ${revision.appSpecName}` }
  const { spec, findings } = inspectAppSpec(revision.appSpec, { agent: profile, hostOs: 'linux' })
  const first = findings.find(({ severity, noticedBy }) => severity === 'error' && noticedBy === undefined)
  return spec ? { spec } : { failure: first ? appSpecWords(first) : 'the AppSpec is invalid' }
}

/** Links to folders of the bundle are followed, as Install does. */
function treeAt({ entries }: RevisionFacts, path: string): SourceTree {
  const kinds = new Map(entries.map((entry) => [`/${entry.path}`, entry]))
  const build = (at: string, depth: number): SourceTree => {
    const entry = kinds.get(at)
    if (entry?.type === 'link' && depth < 40) {
      const target = posix.resolve(posix.dirname(at), entry.target ?? '')
      return kinds.get(target)?.type === 'folder' ? build(target, depth + 1) : { kind: 'file' }
    }
    if (at !== '/' && entry?.type !== 'folder') return { kind: 'file' }
    const prefix = at === '/' ? '/' : `${at}/`
    const names = [...kinds.keys()]
      .filter((name) => name.startsWith(prefix) && !name.slice(prefix.length).includes('/'))
      .map((name) => name.slice(prefix.length))
    return { kind: 'directory', entries: names.map((name) => ({ name, tree: build(prefix + name, depth + 1) })) }
  }
  return build(path === '/' ? '/' : path.replace(/\/$/, ''), 0)
}

function apply(instructions: readonly InstallInstruction[], host: Map<string, PathKind>): string[] {
  return instructions.flatMap((step) => {
    if (step.type === 'mkdir') return [place(host, step.directory, 'directory')]
    return step.type === 'copy' ? [place(host, step.destination, 'file')] : []
  })
}

function place(host: Map<string, PathKind>, path: string, kind: PathKind): string {
  for (let parent = posix.dirname(path); !host.has(parent); parent = posix.dirname(parent))
    host.set(parent, 'directory')
  host.set(path, kind)
  return path
}

/** Folders that hold something else stay. */
function remove(paths: readonly string[], host: Map<string, PathKind>): string[] {
  return paths.filter((path) => {
    const isFull = host.get(path) === 'directory' && [...host.keys()].some((other) => other.startsWith(`${path}/`))
    return !isFull && host.delete(path)
  })
}

function hazardsOf(role: 'previous' | 'next', { appSpec, appSpecName, files }: RevisionFacts): Hazard[] {
  return appSpec === undefined ? [] : appSpecHazards(role, checkAppSpec(appSpec, { bundle: files, name: appSpecName }))
}

function failureHazards({ event, failure = '', deletes }: PlannedEvent): Hazard[] {
  const at = { deployment: 'next', event, severity: 'error' } as const
  const hazards: Hazard[] = [
    { rule: 'event-failed', ...at, message: `${event} fails: ${failure}`, cure: 'Correct it and plan again.' },
  ]
  if (deletes.length > 0) {
    hazards.push({
      rule: 'host-left-empty',
      ...at,
      message: 'Install fails when the files of the previous release are gone already, and nothing takes their place',
      cure: 'Remove what is in the way in BeforeInstall, or choose file_exists_behavior: OVERWRITE.',
      paths: deletes,
    })
  }
  return hazards
}
