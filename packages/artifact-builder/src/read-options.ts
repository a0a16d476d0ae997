import { coreErrors, describeValue } from '@fairlead/core'
import { maxWorkers } from './limits.ts'
import type { Expectations } from './plan/expectations.ts'
import { defaultWorkers } from './ports/lanes/pool.ts'

/** The options of a verb that reads, as a caller may give them. */
export interface ReadOptions {
  readonly expectedSha256?: unknown
  readonly expectedContentDigest?: unknown
  readonly workers?: unknown
}

/** @throws INVALID_OPTION */
export function checkReadOptions(
  verb: string,
  { expectedSha256, expectedContentDigest, workers }: ReadOptions,
): { readonly expected: Expectations; readonly workers: number } {
  return {
    expected: {
      sha256: checkDigest(verb, 'expectedSha256', expectedSha256),
      contentDigest: checkDigest(verb, 'expectedContentDigest', expectedContentDigest),
    },
    workers: checkWorkers(verb, workers),
  }
}

/** The path of a subject: a text, or an object that has it. */
export function checkSubject(verb: string, subject: unknown, option = 'path'): string {
  const path = typeof subject === 'object' && subject !== null ? (subject as { readonly path?: unknown }).path : subject
  return checkPath(verb, option, path, 'the path of an artifact, or an object that has it')
}

export function checkPath(verb: string, option: string, value: unknown, expected: string): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(value), expected })
}

export function checkFlag(verb: string, option: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(value), expected: 'true or false' })
}

function checkDigest(verb: string, option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value
  const expected = 'a SHA-256 in 64 lowercase hex digits'
  throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(value), expected })
}

function checkWorkers(verb: string, value: unknown): number {
  if (value === undefined) return defaultWorkers()
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxWorkers) return value as number
  const expected = `a whole number from 0 to ${maxWorkers}`
  throw coreErrors.INVALID_OPTION({ verb, option: 'workers', given: describeValue(value), expected })
}
