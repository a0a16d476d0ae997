import { errors } from '../errors.ts'
import type { DialectName } from '../model.ts'
import type { StandardIssue } from '../standard-schema.ts'
import { dialects } from './dialects.ts'

/** Which variables an injection must provide, and who says so. */
export interface Expectation {
  readonly names: readonly string[]
  /** The variables that it knows, whether it needs them or not. */
  readonly known: readonly string[]
  readonly expectedBy: string
}

export function expectationOfList(names: readonly string[]): Expectation {
  return { names, known: names, expectedBy: 'the list in expect' }
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
  return { names, known: reading.variables.map(({ name }) => name), expectedBy: path }
}

/** What is provided and not known, sorted. */
export function extraOf(provided: readonly string[], { known }: Expectation): readonly string[] {
  return provided.filter((name) => !known.includes(name)).sort()
}

/**
 * What a schema refuses, by name: a variable that it wants and that is missing, or one whose value it does not take. An issue
 * without a name is about the whole.
 *
 * @throws SECRETS_MISSING_KEYS, SECRETS_UNEXPECTED
 */
export function requireSchemaTaken(
  file: string,
  provided: readonly string[],
  issues: readonly StandardIssue[],
  vendor: string,
): void {
  const expectedBy = `the schema${/^[\w@/.-]{1,40}$/.test(vendor) ? ` (${vendor})` : ''}`
  const named = [...new Set(issues.map(nameOf))].sort()
  const missing = named.filter((name) => name !== undefined && !provided.includes(name)) as string[]
  // A schema can be made to name anything; a name of ours is no value.
  if (missing.length > 0 && missing.every((name) => /^[\w.-]{1,128}$/.test(name))) {
    throw errors.SECRETS_MISSING_KEYS({ file, missing, expectedBy })
  }
  if (issues.length === 0) return
  const refused = named.map((name) => (name !== undefined && provided.includes(name) ? name : 'the whole'))
  throw errors.SECRETS_UNEXPECTED({ file, refused: [...new Set(refused)], expectedBy })
}

function nameOf({ path }: StandardIssue): string | undefined {
  const [first] = path ?? []
  return first === undefined ? undefined : String(typeof first === 'object' ? first.key : first)
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
