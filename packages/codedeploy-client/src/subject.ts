import {
  coreErrors,
  describeValue,
  nonEmptyText,
  object,
  optional,
  parseTarget,
  recordReader,
  type Target,
} from '@fairlead/core'
import type { DeploymentSubject } from './model.ts'

const readTargetField = (value: unknown): Target => parseTarget(value)
const parseSubject = recordReader(
  'deployment',
  object({ deploymentId: nonEmptyText, target: optional(readTargetField) }),
)

/**
 * Checks the deployment that a verb was given.
 *
 * @throws INVALID_RECORD
 */
export function readSubject(deployment: DeploymentSubject): DeploymentSubject {
  return parseSubject(deployment)
}

/**
 * Checks an option that is a time in milliseconds.
 *
 * @throws INVALID_OPTION
 */
export function readMilliseconds(verb: string, option: string, value: number | undefined): void {
  if (value === undefined || (typeof value === 'number' && value >= 0)) return
  throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(value), expected: 'milliseconds, zero or more' })
}

/**
 * Checks an option that is one of a few words.
 *
 * @throws INVALID_OPTION
 */
export function readWord(verb: string, option: string, value: unknown, words: readonly string[]): void {
  if (value === undefined || words.includes(value as string)) return
  const expected = words.map((word) => JSON.stringify(word)).join(' or ')
  throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(value), expected })
}

/**
 * Checks an option that is true or false.
 *
 * @throws INVALID_OPTION
 */
export function readFlag(verb: string, option: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return
  throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(value), expected: 'true or false' })
}

/**
 * Checks an option that is text which is not empty.
 *
 * @throws INVALID_OPTION
 */
export function readText(verb: string, option: string, value: unknown): void {
  if (value === undefined || (typeof value === 'string' && value !== '')) return
  throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(value), expected: 'text that is not empty' })
}

/**
 * Checks the client that a verb was given.
 *
 * @throws INVALID_OPTION
 */
export function readClient(verb: string, value: unknown): void {
  if (value === undefined || typeof (value as { readonly send?: unknown }).send === 'function') return
  throw coreErrors.INVALID_OPTION({ verb, option: 'client', given: typeof value, expected: 'a CodeDeployClient' })
}
