import {
  commitId,
  count,
  list,
  nonEmptyText,
  object,
  oneOf,
  optional,
  recordReader,
  sha256Text,
  text,
  type Reader,
} from '../read.ts'

/** The manifest's place inside an artifact. */
export const manifestPath = '.fairlead/manifest.json'

const modeDigits = /^0[0-7]{3}$/
const sha256Digits = /^[0-9a-f]{64}$/

export const manifestEntryShape = object({
  /** Path inside the artifact: relative, `/` between its parts, no trailing `/`. */
  path: nonEmptyText,
  type: oneOf('file', 'directory', 'symlink'),
  /** Four octal digits, for example `0644`. */
  mode: text('four octal digits', (value) => modeDigits.test(value)),
  /** Of a file: its bytes. Of a symlink: those of its target. Of a directory: zero. */
  sizeBytes: count,
  /** Of a file's bytes or of a symlink's target, lowercase hex; a directory has none. */
  sha256: optional(sha256Text),
})

/** One entry of an artifact. */
export type ManifestEntry = ReturnType<typeof manifestEntryShape>

/**
 * A manifest has many thousands of entries and every deploy reads it: one whose fields are those of a file as they should be
 * is taken at once. Any other goes to the reader that says what is wrong with it.
 */
const readEntry: Reader<ManifestEntry> = (value, place) => {
  const { path, type, mode, sizeBytes, sha256 } = (value ?? {}) as Partial<Record<keyof ManifestEntry, unknown>>
  const isFile =
    type === 'file' &&
    typeof path === 'string' &&
    path !== '' &&
    typeof mode === 'string' &&
    modeDigits.test(mode) &&
    typeof sizeBytes === 'number' &&
    Number.isSafeInteger(sizeBytes) &&
    sizeBytes >= 0 &&
    typeof sha256 === 'string' &&
    sha256Digits.test(sha256)
  return isFile ? { path, type, mode, sizeBytes, sha256 } : manifestEntryShape(value, place)
}

export const manifestShape = object({
  schema: oneOf('fairlead/manifest/1'),
  application: nonEmptyText,
  commit: commitId,
  contentDigest: sha256Text,
  /** In the order of the bytes of their paths. */
  entries: list(readEntry),
  /** Findings of the secret guard that somebody allowed, with the reason. */
  allowances: list(object({ path: nonEmptyText, rule: nonEmptyText, reason: nonEmptyText })),
})

/** What an artifact says of itself, inside it. */
export type Manifest = ReturnType<typeof manifestShape>

/** @throws INVALID_RECORD */
export const parseManifest = recordReader('manifest', manifestShape)
