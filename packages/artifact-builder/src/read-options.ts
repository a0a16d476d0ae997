import { checkText, checkWorkers, refuse } from './option-checks.ts'
import type { Expectations } from './plan/expectations.ts'

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
  return checkText(verb, option, path, 'the path of an artifact, or an object that has it')
}

function checkDigest(verb: string, option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value
  return refuse(verb, option, value, 'a SHA-256 in 64 lowercase hex digits')
}
