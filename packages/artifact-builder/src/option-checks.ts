/** Checks that the options of several verbs need. Each names the verb and the option where it refuses. */
import { coreErrors, describeValue } from '@fairlead/core'
import { maxWorkers } from './limits.ts'
import { defaultWorkers } from './ports/lanes/pool.ts'

/** @throws INVALID_OPTION */
export function refuse(verb: string, option: string, given: unknown, expected: string): never {
  throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected })
}

/** A text that is not empty and can be a path. */
export function checkText(verb: string, option: string, value: unknown, expected: string): string {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
    ? value
    : refuse(verb, option, value, expected)
}

export function checkFlag(verb: string, option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  return typeof value === 'boolean' ? value : refuse(verb, option, value, 'true or false')
}

export function checkBytes(verb: string, option: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  const isCount = Number.isSafeInteger(value) && (value as number) >= 0
  return isCount ? (value as number) : refuse(verb, option, value, 'a number of bytes')
}

export function checkChoice<const T extends string>(
  verb: string,
  option: string,
  value: unknown,
  choices: readonly [T, ...T[]],
): T {
  if (value === undefined) return choices[0]
  const choice = choices.find((one) => one === value)
  return choice ?? refuse(verb, option, value, `one of ${choices.join(', ')}`)
}

/** How many worker threads a call may use. */
export function checkWorkers(verb: string, value: unknown): number {
  if (value === undefined) return defaultWorkers()
  const isCount = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxWorkers
  return isCount ? (value as number) : refuse(verb, 'workers', value, `a whole number from 0 to ${maxWorkers}`)
}
