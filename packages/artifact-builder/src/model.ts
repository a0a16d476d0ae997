import type { AmbientOptions, ArtifactFormat } from '@fairlead/core'
import type { SecretRule } from './plan/secret-rules.ts'

/** What {@link buildArtifact} is told. */
export interface BuildArtifactOptions extends AmbientOptions<ArtifactEvent> {
  /** The folder whose files go in; a repository's top or a folder below it. Relative to the working directory. */
  readonly root: string
  /** Globs relative to root, `/` between the parts; a leading dot is nothing special. Each one must choose something. */
  readonly include: readonly string[]
  /** Globs of what stays out although it is included. Default: none. */
  readonly exclude?: readonly string[] | undefined
  /** The zip to write, relative to the working directory. Its folder is made where it is missing. */
  readonly output: string
  /** Default: the name in root's package.json without its scope, else the name of root's folder. */
  readonly application?: string | undefined
  /** Findings of the secret guard that may pass. Default: none. */
  readonly allow?: readonly SecretAllowance[] | undefined
  /** How the artifact is packed: CodeDeploy takes all three; `tgz` is a tar inside gzip. Default: zip. */
  readonly format?: ArtifactFormat | undefined
  /**
   * What writes it. `native`: this library's own zip engine. `archiver`: the library archiver, which tars always come
   * from; it is several times slower and refuses names that it would change. Default: native for a zip.
   */
  readonly engine?: ArtifactEngine | undefined
  /** The time that every entry has: 1980, or that of the commit, in UTC. Default: fixed. */
  readonly timestamps?: 'fixed' | 'commit' | undefined
  /**
   * Whether what was written is read back whole and compared with the manifest before it gets its name. Default: true of
   * archiver, false of the native engine, which computes each digest from the very bytes that it compresses.
   */
  readonly verify?: boolean | undefined
  /** Whether appspec.yml and the scripts that it names must be in the artifact. Default: true. */
  readonly requireAppSpec?: boolean | undefined
  /**
   * How many worker threads read, scan and compress. Default: one for each core, four at the most. 0: the caller's own
   * thread does it, which is busy meanwhile. The artifact is the same whatever the number.
   */
  readonly workers?: number | undefined
  /**
   * A folder that keeps the compressed entries for the next build: what has not changed is neither read nor compressed
   * again. The artifact is the same, byte for byte. Default: none.
   */
  readonly cache?: string | undefined
  /** How much that folder may hold; what was not used for longest goes first. Default: 2 GiB. */
  readonly maxCacheBytes?: number | undefined
}

/** What writes an artifact. */
export type ArtifactEngine = 'native' | 'archiver'

/** Lets the findings of one rule in one file pass, and says why. Recorded in the manifest. */
export interface SecretAllowance {
  /** Path inside the artifact; no glob. */
  readonly path: string
  readonly rule: SecretRule
  readonly reason: string
}

/** A place that holds a secret. Never the secret, nor a piece of it. */
export type SecretFinding = {
  /** Path inside the artifact. */
  readonly path: string
  /** 1-based; 1 where the path itself is the finding. */
  readonly line: number
  readonly rule: SecretRule
}

/** What tells one state of a file on this machine from every other one. Of a listing that was read from a disk. */
export interface FileIdentity {
  readonly device: number
  readonly inode: number
  readonly mtimeMs: number
  readonly ctimeMs: number
}

/** What stands at a path below root. */
export type TreeEntry =
  | {
      readonly path: string
      readonly type: 'file'
      readonly executable: boolean
      readonly sizeBytes: number
      readonly identity?: FileIdentity | undefined
    }
  | { readonly path: string; readonly type: 'symlink'; readonly target: string }
  | {
      readonly path: string
      readonly type: 'directory'
      /** Whether nothing at all is in it. */
      readonly empty: boolean
    }
  /** A socket, a pipe, a device. */
  | { readonly path: string; readonly type: 'other' }

/** An entry that an artifact will have. Modes: `0644` or `0755` by the owner's exec bit, `0755` of folders, `0777` of links. */
export type PlannedEntry =
  | {
      readonly path: string
      readonly type: 'file'
      readonly mode: '0644' | '0755'
      readonly sizeBytes: number
      /** Where it stands below root. */
      readonly source: string
      readonly identity?: FileIdentity | undefined
    }
  | {
      readonly path: string
      readonly type: 'symlink'
      readonly mode: '0777'
      readonly target: string
      /** Where it stands below root. */
      readonly source: string
    }
  | { readonly path: string; readonly type: 'directory'; readonly mode: '0755' }

/** Why a path that was chosen cannot be in an artifact. */
export type RefusalReason =
  /** A socket, a pipe, a device. */
  | 'not-a-file'
  /** Not UTF-8; it would not come out under its own name. */
  | 'name-not-utf8'
  /** A backslash, a control character or a beginning like `c:`, which zip tools read as something else. */
  | 'name-not-portable'
  /** archiver, which writes every tar, would store it under another name. */
  | 'name-not-archivable'
  /** `.fairlead` is where the manifest lies. */
  | 'name-reserved'
  /** Absolute, or out of root on its way. */
  | 'link-escapes'
  /** To something that the artifact will not have. */
  | 'link-dangling'
  /** To itself in the end. */
  | 'link-cycle'

/** A path that was chosen and cannot be in an artifact. */
export type RefusedEntry = {
  readonly path: string
  readonly reason: RefusalReason
  /** Of a symlink: where it points. */
  readonly target?: string | undefined
}

/** What {@link planArtifact} answers. */
export interface ArtifactPlan {
  /** In the order of the bytes of their paths. */
  readonly entries: readonly PlannedEntry[]
  /** What was chosen and cannot go in. An artifact is built only where this is empty. */
  readonly refused: readonly RefusedEntry[]
  /** Globs of `include` that chose nothing. An artifact is built only where this is empty. */
  readonly unmatched: readonly string[]
}

/** How a file of the commit stands on disk. */
export type TreeDifference = {
  /** Relative to root. */
  readonly path: string
  /** `added`: in git's index, not in the commit. `submodule`: not checked out at the commit that is recorded. */
  readonly difference: 'content' | 'mode' | 'type' | 'missing' | 'added' | 'submodule'
}

interface Happened<T extends string> {
  readonly type: T
  /** ISO 8601, UTC, with milliseconds. */
  readonly at: string
  /** One line for people. */
  readonly summary: string
}

/** What happens while an artifact is built or read. */
export type ArtifactEvent =
  | (Happened<'artifact.planned'> & {
      readonly application: string
      readonly commit: string
      readonly entryCount: number
      readonly contentBytes: number
    })
  | (Happened<'artifact.secret-allowed'> & SecretFinding & { readonly reason: string })
  | (Happened<'artifact.leftover-removed'> & { readonly path: string })
  | (Happened<'artifact.cache-used'> & {
      readonly folder: string
      /** Files that were not read, because nothing about them has changed since the build before. */
      readonly unchangedCount: number
      /** Files that were read, and not compressed again. */
      readonly sameContentCount: number
      readonly compressedCount: number
    })
  | (Happened<'artifact.cache-ignored'> & {
      readonly folder: string
      readonly reason: string
    })
  | (Happened<'artifact.progress'> & {
      readonly entriesDone: number
      readonly entryCount: number
      /** Of files' contents and links' targets. */
      readonly bytesDone: number
      readonly contentBytes: number
    })
  | (Happened<'artifact.verified'> & {
      readonly path: string
      readonly entryCount: number
      readonly sha256: string
      readonly contentDigest: string
    })
  | (Happened<'artifact.written'> & { readonly path: string; readonly sizeBytes: number; readonly sha256: string })
  /** Entries and their bytes, the manifest with them; while an artifact is verified or extracted. */
  | (Happened<'artifact.reading'> & {
      readonly path: string
      readonly entriesDone: number
      readonly entryCount: number
      readonly bytesDone: number
      readonly contentBytes: number
    })
  | (Happened<'artifact.extracted'> & { readonly path: string; readonly into: string; readonly entryCount: number })
