import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { runLifecycleEvent } from '../../src/run-lifecycle-event.ts'
import { inPlaceEvents, type HostDeployment, type LifecycleEventName } from '../../src/model.ts'
import { writeBundle, type BundleEntry, type BundleFormat } from './bundle-writer.ts'

/** A recorded run of the official agent; the README beside the vectors says what the fields mean. */
export interface Vector {
  readonly name: string
  readonly about: string
  readonly driver: 'daemon' | 'codedeploy-local'
  readonly requires?: readonly ('root' | 'user' | 'nologinUser')[]
  readonly agentConfig?: { readonly max_revisions?: number }
  readonly logOrder?: 'any'
  readonly libraryDependent?: boolean
  readonly waitAfterMs?: number
  readonly steps: readonly VectorStep[]
  readonly expect: readonly Expectation[]
}

interface VectorStep {
  readonly before?: readonly HostChange[]
  readonly bundle?: readonly VectorEntry[] | { readonly sameAs: number }
  readonly archive?: {
    readonly base64?: string
    readonly format?: BundleFormat
    readonly truncateTo?: number
    readonly noUnixModes?: boolean
  }
  readonly deployment: {
    readonly group: string
    readonly groupName?: string
    readonly application?: string
    readonly bundleType: BundleFormat | 'directory'
    readonly fileExistsBehavior?: string
    readonly events?: readonly string[]
    readonly continueAfterFailureOf?: string
    readonly appSpecFilename?: string
    readonly creator?: string
    readonly type?: 'IN_PLACE' | 'BLUE_GREEN'
    readonly allPossibleLifecycleEvents?: readonly string[]
    readonly revision?: {
      readonly Bucket?: string
      readonly Key?: string
      readonly Version?: string
      readonly ETag?: string
    }
    readonly acknowledgementReplies?: unknown
    readonly specOmit?: unknown
    readonly envelopeFormat?: unknown
  }
  readonly during?: unknown
}

interface VectorEntry {
  readonly path: string
  readonly mode?: string
  readonly content?: string
  readonly base64?: string
  readonly symlink?: string
  readonly dir?: boolean
  readonly raw?: boolean
  readonly uid?: number
  readonly gid?: number
  readonly generate?: { readonly count: number; readonly path: string; readonly content: string }
}

interface HostChange {
  readonly op: 'write' | 'mkdir' | 'rm' | 'chmod' | 'symlink'
  readonly path: string
  readonly content?: string
  readonly mode?: string
  readonly target?: string
}

interface Expectation {
  readonly status: string
  readonly events: readonly {
    readonly name: string
    readonly status: string
    readonly noop?: boolean
    readonly acknowledged?: boolean
    readonly code?: number
    readonly script?: string
    readonly message?: string
    readonly messageRuntime?: string
    readonly log?: readonly string[]
  }[]
  readonly targetTree?: readonly unknown[]
  readonly targetDigest?: { readonly entries: number; readonly files: number; readonly sha256: string }
  readonly logLines?: readonly string[]
  readonly stateFiles?: Readonly<Record<string, unknown>>
  readonly stateOrder?: 'any'
  readonly retained?: readonly string[]
  readonly layout?: readonly string[]
  readonly archiveTree?: readonly unknown[]
  readonly outside?: Readonly<Record<string, string | null>>
}

export interface Accounts {
  /** An account with a login shell, other than root. */
  readonly user: string | undefined
  readonly userGroup: string | undefined
  readonly nologinUser: string | undefined
}

/** Why this player cannot play a vector, if it cannot: what it needs is no part of a host's lifecycle. */
export function unplayable(vector: Vector): string | undefined {
  for (const { deployment, during } of vector.steps) {
    if (during) return 'the agent is killed or stopped'
    if (deployment.acknowledgementReplies || deployment.specOmit || deployment.envelopeFormat)
      return 'the wire protocol'
    if (deployment.bundleType === 'directory') return 'a folder as bundle'
    if (vector.driver === 'codedeploy-local' && deployment.events) return 'the event list of the local tool'
    if (![undefined, 'DISALLOW', 'OVERWRITE', 'RETAIN'].includes(deployment.fileExistsBehavior)) {
      return 'a value that the type refuses'
    }
    if ((deployment.events ?? []).some((event) => event === 'SomethingElse')) return 'an event that the type refuses'
  }
  return undefined
}

const localEvents = [
  'BeforeBlockTraffic',
  'AfterBlockTraffic',
  ...inPlaceEvents,
  'BeforeAllowTraffic',
  'AfterAllowTraffic',
] as const

/** Plays a vector on a host in `folder` and answers what differs from the recording, nothing if nothing does. */
export async function playVector(vector: Vector, folder: string, accounts: Accounts): Promise<readonly string[]> {
  const host = {
    name: 'vector',
    folder,
    profile: 'official-1.8',
    maxRevisions: vector.agentConfig?.max_revisions,
  } as const
  const root = join(folder, 'opt/codedeploy-agent/deployment-root')
  const target = join(folder, 'target')
  mkdirSync(target, { mode: 0o755 })
  const idOf = (step: number) => `d-STEP${step}`
  const placeholders: Record<string, string | undefined> = {
    target,
    root,
    agentCwd: folder,
    agentUser: process.getuid?.() === 0 ? 'root' : undefined,
    user: accounts.user,
    userGroup: accounts.userGroup,
    nologinUser: accounts.nologinUser,
    cr: '\r',
    timestamp: '{{timestamp}}',
  }
  const fill = <T>(value: T): T => fillIn(value, placeholders, idOf)
  const differences: string[] = []
  const bundles: (readonly VectorEntry[])[] = []

  for (const [index, step] of vector.steps.entries()) {
    const expected = fill(vector.expect[index])
    if (!expected) throw new Error(`${vector.name} expects nothing of step ${index + 1}`)
    for (const change of fill(step.before ?? [])) applyChange(change, target)
    const given = step.bundle ?? []
    const bundle = 'sameAs' in given ? (bundles[given.sameAs - 1] ?? []) : given
    bundles.push(bundle)
    const type = step.deployment.bundleType as BundleFormat
    const bytes = archiveBytes(step, expand(fill(bundle)), type)
    const { deployment: wanted } = step
    const { revision } = wanted
    const deployment: HostDeployment = {
      deploymentId: idOf(index + 1),
      deploymentGroupId: wanted.group,
      deploymentGroupName: wanted.groupName ?? 'group-name',
      applicationName: wanted.application ?? 'app',
      revision: {
        bucket: revision?.Bucket ?? 'bucket',
        key: revision?.Key ?? `app/bundle.${type}`,
        bundleType: type,
        versionId: revision?.Version,
        eTag: revision?.ETag,
      },
      fileExistsBehavior: wanted.fileExistsBehavior as HostDeployment['fileExistsBehavior'],
      type: wanted.type,
      creator: wanted.creator,
      appSpecFilename: wanted.appSpecFilename,
      possibleEvents: wanted.allPossibleLifecycleEvents,
    }
    const events = (wanted.events ?? (vector.driver === 'daemon' ? inPlaceEvents : localEvents)) as LifecycleEventName[]
    const differ = (what: string, actual: unknown, wish: unknown) => {
      if (isDeepStrictEqual(actual, wish)) return
      differences.push(`step ${index + 1}, ${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(wish)}`)
    }

    const ran: string[] = []
    let status = 'Succeeded'
    for (const event of events) {
      const fetchBundle = () => Promise.resolve({ eTag: '"abc123"', body: once(bytes) })
      const result = await runLifecycleEvent(host, { deployment, event, fetchBundle })
      const wish = expected.events[ran.length]
      ran.push(event)
      differ(`status of ${event}`, result.status, wish?.status)
      if (vector.driver === 'daemon') {
        if (wish?.noop !== undefined) differ(`noop of ${event}`, result.noop, wish.noop)
        differ(`code of ${event}`, result.wireCode, wish?.code)
      }
      if (wish?.script !== undefined) differ(`script of ${event}`, result.scriptName ?? '', wish.script)
      if (wish?.message !== undefined) differ(`message of ${event}`, result.message, wish.message)
      if (wish?.log !== undefined)
        differ(`log of ${event}`, linesOf(result.logTail ?? '', vector), sorted(wish.log, vector))
      if (result.status === 'Failed') {
        status = 'Failed'
        if (wanted.continueAfterFailureOf !== event) break
      }
    }
    differ(
      'events',
      ran,
      expected.events.map(({ name }) => name),
    )
    differ('status', status, expected.status)
    await wait(vector.waitAfterMs ?? 0)
    const own = join(root, wanted.group, deployment.deploymentId)
    if (expected.targetTree) differ('target', treeOf(target, expected.targetTree), expected.targetTree)
    if (expected.targetDigest) differ('digest of the target', digestOf(target), expected.targetDigest)
    const log = join(own, 'logs/scripts.log')
    const lines = existsSync(log) ? linesOf(readFileSync(log, 'utf8'), vector) : undefined
    differ('scripts.log', lines, expected.logLines && sorted(expected.logLines, vector))
    if (expected.stateFiles) {
      const state = stateOf(join(root, 'deployment-instructions'), expected.stateOrder === 'any')
      differ(
        'state files',
        state,
        expected.stateOrder === 'any' ? inAnyOrder(expected.stateFiles) : expected.stateFiles,
      )
    }
    if (expected.retained) {
      differ('retained', readdirSync(join(root, wanted.group)).sort(), [...expected.retained].sort())
    }
    if (expected.layout) differ('layout', layoutBelow(root), expected.layout)
    if (expected.archiveTree) {
      differ('archive', treeOf(join(own, 'deployment-archive'), expected.archiveTree), expected.archiveTree)
    }
    for (const [path, content] of Object.entries(expected.outside ?? {})) {
      differ(path, existsSync(path) ? readFileSync(path, 'utf8') : null, content)
    }
  }
  return differences
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield bytes
}

function fillIn<T>(value: T, placeholders: Record<string, string | undefined>, idOf: (step: number) => string): T {
  const text = JSON.stringify(value)
  if (text === undefined) return value
  const filled = text.replace(/\{\{([^}]*)\}\}/g, (whole, name: string) => {
    const [word = '', ...rest] = name.split(':')
    if (word === 'deploymentId') return idOf(Number(rest[0]))
    if (word === 'repeat') return (rest[0] ?? '').repeat(Number(rest[1]))
    const known = placeholders[word]
    return known === undefined ? whole : JSON.stringify(known).slice(1, -1)
  })
  return JSON.parse(filled) as T
}

function applyChange({ op, path, content = '', mode, target: link = '' }: HostChange, target: string): void {
  const place = isAbsolute(path) ? path : join(target, path)
  if (op === 'write' || op === 'symlink') mkdirSync(dirname(place), { recursive: true })
  if (op === 'write') writeFileSync(place, content)
  if (op === 'mkdir') mkdirSync(place, { recursive: true })
  if (op === 'rm') rmSync(place, { recursive: true, force: true })
  if (op === 'symlink') symlinkSync(link, place)
  if (mode !== undefined) chmodSync(place, Number.parseInt(mode, 8))
}

function expand(entries: readonly VectorEntry[]): BundleEntry[] {
  const seen = new Set<string>()
  return entries.flatMap((entry) => {
    const { generate } = entry
    const single = generate
      ? Array.from({ length: generate.count }, (_, i) => {
          const number = (text: string) =>
            text.replaceAll('{{i}}', String(i).padStart(3, '0')).replaceAll('{{i10}}', String(i % 10))
          return { path: number(generate.path), content: number(generate.content), mode: undefined, raw: false }
        })
      : [entry]
    return single.flatMap((one) => {
      const { path, mode, raw, ...rest } = one as VectorEntry
      const parents = raw ? [] : parentsOf(path).filter((parent) => !seen.has(parent))
      for (const name of [...parents, path]) seen.add(name)
      const content = rest.base64 === undefined ? rest.content : Buffer.from(rest.base64, 'base64')
      return [
        ...parents.map((parent) => ({ path: parent, dir: true })),
        {
          path,
          ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
          ...(content === undefined ? {} : { content }),
          ...(rest.symlink === undefined ? {} : { symlink: rest.symlink }),
          ...(rest.dir ? { dir: true } : {}),
          ...(rest.uid === undefined ? {} : { uid: rest.uid }),
          ...(rest.gid === undefined ? {} : { gid: rest.gid }),
        },
      ]
    })
  })
}

function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

function archiveBytes({ archive }: VectorStep, entries: readonly BundleEntry[], type: BundleFormat): Buffer {
  if (archive?.noUnixModes) throw new Error('zips without Unix attributes are not written here')
  const bytes =
    archive?.base64 === undefined
      ? writeBundle(entries, archive?.format ?? type)
      : Buffer.from(archive.base64, 'base64')
  return archive?.truncateTo === undefined ? bytes : bytes.subarray(0, archive.truncateTo)
}

function linesOf(text: string, vector: Vector): readonly string[] {
  const lines = text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '{{timestamp}}').split('\n')
  return sorted(lines.at(-1) === '' ? lines.slice(0, -1) : lines, vector)
}

function sorted(lines: readonly string[], { logOrder }: Vector): readonly string[] {
  return logOrder === 'any' ? [...lines].sort() : lines
}

function walk(folder: string, prefix = ''): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = prefix + name
    const isFolder = lstatSync(join(folder, name)).isDirectory()
    return isFolder ? [path, ...walk(join(folder, name), `${path}/`)] : [path]
  })
}

function byPath(paths: readonly string[]): string[] {
  return [...paths].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** The tree in the form of the vectors; of a file, what the expectation says of it: content, or digest and size. */
function treeOf(folder: string, expected: readonly unknown[]): unknown[] {
  const wishes = new Map((expected as { path: string }[]).map((wish) => [wish.path, wish as Record<string, unknown>]))
  return byPath(walk(folder)).map((path) => {
    const place = join(folder, path)
    const facts = lstatSync(place)
    const mode = (facts.mode & 0o7777).toString(8).padStart(4, '0')
    const owners = {
      ...(facts.uid === process.getuid?.() ? {} : { owner: accountName('passwd', facts.uid) }),
      ...(facts.gid === process.getgid?.() ? {} : { group: accountName('group', facts.gid) }),
    }
    if (facts.isSymbolicLink()) return { path, type: 'symlink', target: readlinkSync(place), ...owners }
    if (facts.isDirectory()) return { path, type: 'dir', mode, ...owners }
    const wish = wishes.get(path)
    // A file that its owner may not read is opened up for a moment.
    chmodSync(place, facts.mode | 0o400)
    const bytes = readFileSync(place)
    chmodSync(place, facts.mode & 0o7777)
    const content =
      wish && 'sha256' in wish
        ? { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }
        : wish && !('content' in wish)
          ? {}
          : { content: bytes.toString('utf8') }
    return { path, type: 'file', mode, ...owners, ...content }
  })
}

function digestOf(folder: string): NonNullable<Expectation['targetDigest']> {
  const hash = createHash('sha256')
  const paths = byPath(walk(folder))
  let files = 0
  for (const path of paths) {
    const place = join(folder, path)
    const facts = lstatSync(place)
    const mode = (facts.mode & 0o7777).toString(8).padStart(4, '0')
    const content = facts.isFile() ? createHash('sha256').update(readFileSync(place)).digest('hex') : ''
    if (facts.isFile()) files += 1
    hash.update(`${facts.isDirectory() ? 'dir' : 'file'} ${mode} ${path} ${content}\n`)
  }
  return { entries: paths.length, files, sha256: hash.digest('hex') }
}

function accountName(database: 'passwd' | 'group', id: number): string {
  const line = readFileSync(`/etc/${database}`, 'utf8')
    .split('\n')
    .find((entry) => entry.split(':')[2] === String(id))
  return line?.split(':')[0] ?? String(id)
}

function stateOf(folder: string, anyOrder: boolean): Record<string, unknown> {
  const names = existsSync(folder) ? readdirSync(folder) : []
  const state = Object.fromEntries(
    names.map((name) => {
      const text = readFileSync(join(folder, name), 'utf8')
      if (name.endsWith('-cleanup')) return [name, text.split('\n').slice(0, -1)]
      return [name, name.endsWith('-install.json') ? JSON.parse(text) : text]
    }),
  ) as Record<string, unknown>
  return anyOrder ? inAnyOrder(state) : state
}

function inAnyOrder(state: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const sortedJson = (items: readonly unknown[]) => items.map((item) => stable(item)).sort()
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => {
      if (Array.isArray(value)) return [name, sortedJson(value)]
      const { instructions } = value as { instructions?: unknown[] }
      return [name, instructions ? sortedJson(instructions) : value]
    }),
  )
}

function stable(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value)
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))))
}

function layoutBelow(root: string): string[] {
  const paths = walk(root).map((path) => (lstatSync(join(root, path)).isDirectory() ? `${path}/` : path))
  return byPath(paths.filter((path) => !path.startsWith('deployment-logs')))
}

/** The accounts of this machine that the vectors need. */
export function findAccounts(): Accounts {
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const user = lines.find(([name, , , , , , shell]) => name !== 'root' && /\/(?:ba|da)?sh$/.test(shell ?? ''))
  const nologin = lines.find(([, , , , , , shell]) => shell?.endsWith('/nologin'))
  return {
    user: user?.[0],
    userGroup: user && accountName('group', Number(user[3])),
    nologinUser: nologin?.[0],
  }
}
