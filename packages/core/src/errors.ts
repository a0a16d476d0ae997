/**
 * The one form of errors: every package lists its failures in a catalogue, and the errors, the documentation page and
 * the parity test are made from it.
 *
 * @example
 * export const errors = defineErrors('artifact-builder', {
 *   ARTIFACT_ROOT_MISSING: describeError<{ root: string }>({
 *     message: ({ root }) => `cannot build an artifact of ${root}: there is no such folder`,
 *     hint: 'Give the folder that holds the files, relative to the working directory.',
 *     example: { root: 'no/such/folder' },
 *   }),
 * })
 * throw errors.ARTIFACT_ROOT_MISSING({ root })
 */
import type { JsonObject } from './json.ts'

const brand = Symbol.for('fairlead.DeployError')
const inspect = Symbol.for('nodejs.util.inspect.custom')

/** What a catalogue says of one failure. `C` is the shape of the facts, JSON-safe and free of secrets. */
export interface ErrorDescription<C extends JsonObject> {
  /** What failed, the value given, what was expected. One sentence or a few lines. */
  readonly message: (context: C) => string
  /** The next thing to do. */
  readonly hint: string | ((context: C) => string)
  /** Whether the same call may succeed later, nothing changed. Default: false. */
  readonly retryable?: boolean
  /** Facts of a made-up case: the documentation renders the message from them. */
  readonly example: C
}

/** An entry of a catalogue: makes its error, and names it to {@link isDeployError}. */
export interface ErrorEntry<C extends JsonObject = JsonObject, Code extends string = string> {
  (context: C, options?: { readonly cause?: unknown }): DeployError<C, Code>
  readonly code: Code
  readonly package: string
  readonly description: ErrorDescription<C>
}

/** The error that every Fairlead library throws. Recognise it with {@link isDeployError}, not with `instanceof`. */
export class DeployError<C extends JsonObject = JsonObject, Code extends string = string> extends Error {
  override readonly name = 'DeployError'
  readonly code: Code
  /** The package whose catalogue holds the code, without scope. */
  readonly package: string
  /** The facts of this case. JSON-safe; never holds a secret. */
  readonly context: C
  /** The next thing to do. */
  readonly hint: string
  /** Whether the same call may succeed later, nothing changed. */
  readonly retryable: boolean

  constructor(entry: ErrorEntry<C, Code>, context: C, options: { readonly cause?: unknown } = {}) {
    const { message, hint, retryable } = entry.description
    super(message(context), 'cause' in options && options.cause !== undefined ? { cause: options.cause } : undefined)
    this.code = entry.code
    this.package = entry.package
    this.context = context
    this.hint = typeof hint === 'string' ? hint : hint(context)
    this.retryable = retryable ?? false
    Object.defineProperty(this, brand, { value: true })
    // The trace begins at the caller of the entry, not in this file.
    Error.captureStackTrace(this, entry)
  }

  /** The error without stack and cause, for a report or a log. */
  toJSON(): JsonObject {
    const { name, code, message, hint, retryable, context } = this
    return { name, package: this.package, code, message, hint, retryable, context }
  }

  [inspect](_depth: number, _options: unknown, format?: (value: unknown) => string): string {
    const cause = this.cause === undefined ? '' : `\n  cause: ${format ? format(this.cause) : String(this.cause)}`
    return `${this.stack ?? String(this)}\n  code: ${this.code}\n  hint: ${this.hint}${cause}`
  }
}

/** Keeps the shape of the facts while a catalogue is written; answers its argument. */
export function describeError<C extends JsonObject>(description: ErrorDescription<C>): ErrorDescription<C> {
  return description
}

type Catalogue<D> = {
  readonly [Code in keyof D & string]: D[Code] extends ErrorDescription<infer C> ? ErrorEntry<C, Code> : never
}

/** Makes a catalogue's entries; each is a function from the facts to the error. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each description has its own facts; `never` would reject them all
export function defineErrors<const D extends Record<string, ErrorDescription<any>>>(
  packageName: string,
  descriptions: D,
): Catalogue<D> {
  const entries = Object.entries(descriptions).map(([code, description]) => {
    const entry: ErrorEntry = Object.assign(
      (context: JsonObject, options?: { readonly cause?: unknown }) => new DeployError(entry, context, options),
      { code, package: packageName, description },
    )
    return [code, entry] as const
  })
  return Object.fromEntries(entries) as unknown as Catalogue<D>
}

/**
 * Whether a caught value is an error of Fairlead and, with an entry, that very one; narrows `context` to the entry's facts.
 * Works across copies of the library, which `instanceof` does not.
 */
export function isDeployError(error: unknown): error is DeployError
export function isDeployError<C extends JsonObject, Code extends string>(
  error: unknown,
  entry: ErrorEntry<C, Code>,
): error is DeployError<C, Code>
export function isDeployError(error: unknown, entry?: { readonly code: string; readonly package: string }): boolean {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false
  const { code, package: packageName } = error as unknown as DeployError
  return entry === undefined || (entry.code === code && entry.package === packageName)
}
