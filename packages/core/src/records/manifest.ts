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
} from '../read.ts'

/** The manifest's place inside an artifact. */
export const manifestPath = '.fairlead/manifest.json'

export const manifestEntryShape = object({
  /** Path inside the artifact: relative, `/` between its parts, no trailing `/`. */
  path: nonEmptyText,
  type: oneOf('file', 'directory', 'symlink'),
  /** Four octal digits, for example `0644`. */
  mode: text('four octal digits', (value) => /^0[0-7]{3}$/.test(value)),
  /** Of a file: its bytes. Of a symlink: those of its target. Of a directory: zero. */
  sizeBytes: count,
  /** Of a file's bytes or of a symlink's target, lowercase hex; a directory has none. */
  sha256: optional(sha256Text),
})

/** One entry of an artifact. */
export type ManifestEntry = ReturnType<typeof manifestEntryShape>

export const manifestShape = object({
  schema: oneOf('fairlead/manifest/1'),
  application: nonEmptyText,
  commit: commitId,
  contentDigest: sha256Text,
  /** In the order of the bytes of their paths. */
  entries: list(manifestEntryShape),
  /** Findings of the secret guard that somebody allowed, with the reason. */
  allowances: list(object({ path: nonEmptyText, rule: nonEmptyText, reason: nonEmptyText })),
})

/** What an artifact says of itself, inside it. */
export type Manifest = ReturnType<typeof manifestShape>

/** @throws INVALID_RECORD */
export const parseManifest = recordReader('manifest', manifestShape)
