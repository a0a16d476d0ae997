import type { HistoryEntry, InstalledRelease, InstalledReleases } from '../model.ts'
import { parseReleaseName, timeOfDigits } from './name.ts'

/** What `.fairlead/releases/<name>.json` says of a release that we staged. */
export interface StagedRecord {
  readonly name: string
  readonly id: string
  readonly commit: string
  readonly contentDigest: string
  readonly stagedAt: string
  /** Of the manifest as it was staged. Left out: an earlier version staged it. */
  readonly manifestSha256?: string | undefined
  readonly shared?: readonly string[] | undefined
  readonly overlap?: readonly string[] | undefined
  readonly writable?: readonly string[] | undefined
}

/** A folder below `releases`. */
export interface ReleaseOnDisk {
  readonly name: string
  readonly path: string
  readonly changedAt: string
  /** Whether Deployer has left its mark in it: a file BAD_RELEASE, which `dep rollback` writes. */
  readonly markedBad?: boolean | undefined
}

/** What was read of a host. */
export interface HostFacts {
  readonly root: string
  /** The text of the link `current`, and the name below `releases` that it leads to. */
  readonly currentLink?: string | undefined
  readonly currentName?: string | undefined
  readonly folders: readonly ReleaseOnDisk[]
  readonly records: readonly StagedRecord[]
  readonly history: readonly HistoryEntry[]
}

/** Puts what was read of a host together: what is live, what was, and where a rollback would go. */
export function describeInstalled(facts: HostFacts): InstalledReleases {
  const { root, currentLink, currentName, folders, history } = facts
  const records = new Map(facts.records.map((record) => [record.name, record]))
  const there = new Set(folders.map(({ name }) => name))
  const current = currentName !== undefined && there.has(currentName) ? currentName : undefined
  const way = wayOf(history)
  const wayToCurrent = [...way]
  if (current !== undefined) goTo(wayToCurrent, current)
  const marked = folders.filter(({ markedBad }) => markedBad)
  const bad = new Map([
    ...marked.map(({ name, changedAt }) => [name, { at: changedAt, reason: 'Deployer marked it' }] as const),
    ...badOnes(history),
  ])
  const mentioned = everLive(history)

  const undescribed = folders
    .map(({ name, path, changedAt }) => {
      const record = records.get(name)
      const parsed = parseReleaseName(name)
      const stagedAt = record?.stagedAt ?? parsed?.stagedAt ?? timeOfDigits(name) ?? changedAt
      const { commit, contentDigest } = record ?? {}
      return { root, name, path, stagedAt, id: record?.id ?? parsed?.id, commit, contentDigest, bad: bad.get(name) }
    })
    .sort(newestFirst)

  const age = new Map(undescribed.map(({ name, stagedAt }) => [name, stagedAt]))
  const olderThanCurrent = (name: string) => current === undefined || (age.get(name) ?? '') < (age.get(current) ?? '')
  const foreign = undescribed
    .map(({ name }) => name)
    .filter((name) => !records.has(name) && !mentioned.has(name) && olderThanCurrent(name))
  const earlier = [...new Set([...wayToCurrent.toReversed(), ...foreign])].filter(
    (name) => there.has(name) && name !== current,
  )
  const previous = earlier.find((name) => !bad.has(name))

  const releases = undescribed.map((release): InstalledRelease => {
    const { name } = release
    const neverLive = records.has(name) && !mentioned.has(name)
    const state = name === current ? 'live' : name === previous ? 'previous' : neverLive ? 'staged' : 'past'
    return { ...release, state }
  })
  const last = way.at(-1)
  return {
    root,
    current,
    currentLink,
    recorded: last !== undefined && there.has(last) ? last : undefined,
    settled: current === last,
    previous,
    earlier,
    releases,
  }
}

/**
 * The releases that led to the live one, the first one first. An activation goes one further; a rollback goes back, so
 * that a second one goes back further and not to what the first one left.
 */
function wayOf(history: readonly HistoryEntry[]): readonly string[] {
  const way: string[] = []
  for (const { outcome, from, to } of history) {
    if (outcome === 'failed' || outcome === 'cancelled') continue
    // Somebody else had switched to `from`, or the history begins here.
    if (from !== undefined) goTo(way, from)
    if (outcome === 'rolled-back') goTo(way, to)
    else goOn(way, to)
  }
  return way
}

/** Goes back to a release on the way, or on to one that is not. */
function goTo(way: string[], name: string): void {
  const place = way.lastIndexOf(name)
  if (place === -1) way.push(name)
  else way.length = place + 1
}

/** Goes on to a release, which may have been live before. */
function goOn(way: string[], name: string): void {
  const place = way.lastIndexOf(name)
  if (place !== -1) way.splice(place, 1)
  way.push(name)
}

/** The releases that were live, as the history shows. */
function everLive(history: readonly HistoryEntry[]): ReadonlySet<string> {
  const names = new Set<string | undefined>()
  for (const { outcome, from, to, live } of history) {
    if (outcome === 'activated' || outcome === 'rolled-back') names.add(to)
    names.add(from).add(live)
  }
  names.delete(undefined)
  return names as ReadonlySet<string>
}

/** A release is bad when the last word on it is that it failed by its own fault. */
function badOnes(history: readonly HistoryEntry[]): ReadonlyMap<string, { at: string; reason: string }> {
  const bad = new Map<string, { at: string; reason: string }>()
  for (const { outcome, to, at, step, reason, bad: blamed } of history) {
    if (outcome === 'failed' && blamed) bad.set(to, { at, reason: `${step ?? 'a step'}: ${reason ?? 'failed'}` })
    else if (outcome === 'activated' || outcome === 'rolled-back') bad.delete(to)
  }
  return bad
}

function newestFirst(
  a: { readonly stagedAt: string; readonly name: string },
  b: { readonly stagedAt: string; readonly name: string },
): number {
  const [left, right] = a.stagedAt === b.stagedAt ? [a.name, b.name] : [a.stagedAt, b.stagedAt]
  return left < right ? 1 : left > right ? -1 : 0
}
