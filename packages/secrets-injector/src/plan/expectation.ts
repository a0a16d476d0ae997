import { errors } from '../errors.ts'
import type { DialectName } from '../model.ts'
import { dialects } from './dialects.ts'

/** Which variables an injection must provide, and who says so. */
export interface Expectation {
  readonly names: readonly string[]
  readonly expectedBy: string
}

export function expectationOfList(names: readonly string[]): Expectation {
  return { names, expectedBy: 'the list in expect' }
}

/**
 * What a file of names expects: every name where the file is an example; otherwise the names that it leaves empty, as a file of
 * committed defaults does with what it cannot know.
 *
 * @throws EXPECTATION_UNREADABLE
 */
export function expectationOfFile(path: string, text: string, dialect: DialectName): Expectation {
  const reading = dialects[dialect].read(text)
  if ('rejected' in reading) {
    const problem = `line ${reading.line}: ${reading.rejected}`
    throw errors.EXPECTATION_UNREADABLE({ path, dialect, problem })
  }
  const everyName = /\.(?:example|sample|template)$/.test(path)
  const names = reading.variables
    .filter(({ value, expands }) => everyName || (value === '' && !expands))
    .map(({ name }) => name)
  return { names, expectedBy: path }
}

/**
 * All that is missing fails together, in one error.
 *
 * @throws SECRETS_MISSING_KEYS
 */
export function requireExpected(file: string, provided: readonly string[], expectation: Expectation): void {
  const missing = [...new Set(expectation.names)].filter((name) => !provided.includes(name)).sort()
  if (missing.length > 0) {
    throw errors.SECRETS_MISSING_KEYS({ file, missing, expectedBy: expectation.expectedBy })
  }
}
