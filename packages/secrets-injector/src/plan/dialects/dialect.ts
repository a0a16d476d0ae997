import type { DialectName } from '../../model.ts'

/** A variable as a file says it. */
export interface FileVariable {
  readonly name: string
  /** What the parser gives; where it `expands`, the text before expansion. */
  readonly value: string
  /** Whether the parser would put in other variables or run a command. */
  readonly expands: boolean
}

/** A file as a parser understands it: each variable once, the last one wins; or the line that it rejects. */
export type FileReading =
  { readonly variables: readonly FileVariable[] } | { readonly rejected: string; readonly line: number }

/** A variable as text of a file, without a line end at its end; or why the dialect cannot hold it. */
export type Encoding = { readonly text: string } | { readonly reason: string; readonly wayOut: string }

/** How one parser's files are written, and how it reads them. One file for each; both are pure. */
export interface Dialect {
  readonly name: DialectName
  /** Which names the parser takes, for people. */
  readonly names: string
  readonly takesName: (name: string) => boolean
  /** Whether a value may hold NUL, which no environment variable can. */
  readonly holdsNul?: boolean
  /** What it writes reads back exactly between any two other encodings. The value is well-formed Unicode. */
  readonly encode: (name: string, value: string) => Encoding
  /** Joins encodings to a file. Default: a line for each. */
  readonly join?: (encodings: readonly string[]) => string
  /** Reads a whole file as the parser does. */
  readonly read: (text: string) => FileReading
}

export const plainNames = 'letters, digits and underscores, not beginning with a digit'

/** A name that every shell can pass on. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
}

/** What there is to do about a value that an environment file cannot hold. */
export const fileOrBase64 =
  'Write the secret to a file of its own (`files`), or store it in base64 and decode it in the application.'

/** The variables of a list in which a name may come twice: each once, the last one wins. */
export function lastOfEach(variables: readonly FileVariable[]): readonly FileVariable[] {
  return [...new Map(variables.map((variable) => [variable.name, variable])).values()]
}

/** Thrown by a reader for what its parser rejects, and caught by {@link readOrReject}. */
export class Rejection {
  readonly problem: string
  readonly offset: number
  constructor(problem: string, offset: number) {
    this.problem = problem
    this.offset = offset
  }
}

/** Reads with a reader that throws a {@link Rejection}. */
export function readOrReject(text: string, read: (text: string) => readonly FileVariable[]): FileReading {
  try {
    return { variables: lastOfEach(read(text)) }
  } catch (error) {
    if (!(error instanceof Rejection)) throw error
    return { rejected: error.problem, line: text.slice(0, error.offset).split('\n').length }
  }
}
