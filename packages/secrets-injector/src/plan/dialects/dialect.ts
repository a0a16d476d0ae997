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
  /** What it writes reads back exactly between any two other encodings. The value is well-formed Unicode without NUL. */
  readonly encode: (name: string, value: string) => Encoding
  /** Reads a whole file as the parser does. */
  readonly read: (text: string) => FileReading
}
