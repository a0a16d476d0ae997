import { commitPrefixLength } from '../limits.ts'

/** What the name of a release says. */
export interface ReleaseName {
  /** ISO 8601, UTC, to the second. */
  readonly stagedAt: string
  /** The first twelve digits of the commit. */
  readonly commitPrefix: string
  readonly id: string
}

/** `<YYYYMMDDHHMMSS in UTC>-<the commit's first 12 digits>-<deployment id>`; sorts by time, as Capistrano's names do. */
export function releaseName(facts: {
  readonly stagedAt: string
  readonly commit: string
  readonly id: string
}): string {
  const time = new Date(facts.stagedAt).toISOString().replaceAll(/\D/g, '').slice(0, 14)
  return `${time}-${facts.commit.slice(0, commitPrefixLength)}-${facts.id}`
}

/** Reads a name of ours; `undefined`: another tool gave it. */
export function parseReleaseName(name: string): ReleaseName | undefined {
  const [, time, commitPrefix, id] = /^(\d{14})-([0-9a-f]{12})-(.+)$/.exec(name) ?? []
  const stagedAt = time === undefined ? undefined : timeOfDigits(time)
  if (stagedAt === undefined || commitPrefix === undefined || id === undefined) return undefined
  return { stagedAt, commitPrefix, id }
}

/** Reads fourteen digits, as Capistrano names its releases too. `undefined`: they are no time. */
export function timeOfDigits(digits: string): string | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits)
  if (!parts) return undefined
  const [, year, month, day, hour, minute, second] = parts
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) || time.toISOString() !== iso ? undefined : iso
}
