import type { AmbientOptions, ArtifactFormat } from '@fairlead/core'
import type { IgnoreFile } from './plan/ignore-rules.ts'
import type { MissingPackage, NpmLock } from './plan/production-dependencies.ts'
import type { SecretRule } from './plan/secret-rules.ts'

/** Which files go in. A path is judged by the first of these that has something to say about it, from the top. */
export interface ChoosingOptions {
  /** Globs of what stays out, whatever else chooses it. Default: none. */
  readonly exclude?: readonly string[] | undefined
  /**
   * Chooses the installed packages that the npm project in root needs to run, or that some of its workspaces do, and
   * leaves out all others of `node_modules`; by package-lock.json. Default: npm has no say.
   */
  readonly npmDependencies?: 'production' | { readonly workspaces: readonly string[] } | undefined
  /**
   * Names of ignore files that are honoured in every folder, and in those above root up to the repository's top, with
   * git's rules. Of one folder, a later name overrides an earlier one. As in git, a `.gitignore` never leaves out what
   * the commit tracks; any other ignore file does. Default: none.
   */
  readonly ignoreFiles?: readonly string[] | undefined
  /** Whether all that the commit tracks below root is chosen. Default: false. */
  readonly tracked?: boolean | undefined
  /**
   * Globs relative to root, `/` between the parts; a leading dot is nothing special. Each one must choose something.
   * May be left out where `tracked` or `npmDependencies` choose.
   */
  readonly include?: readonly string[] | undefined
  /** Chosen files and folders that have another place in the artifact. Default: each has its place below root. */
  readonly map?: readonly Placement[] | undefined
}

/** Another place for a file or folder, and all that is in it. */
export interface Placement {
  /** A path below root; no glob. Of two that fit, the longer one counts. */
  readonly from: string
  /** The path in the artifact; empty for its top. */
  readonly to: string
}

/** What {@link buildArtifact} is told. */
export interface BuildArtifactOptions extends ChoosingOptions, AmbientOptions<ArtifactEvent> {
  /** The folder whose files go in; a repository's top or a folder below it. Relative to the working directory. */
  readonly root: string
  /** The artifact to write, relative to the working directory. Its folder is made where it is missing. */
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
  /**
   * A secret of 32 characters or more that signs the cache. What was signed with it is believed of files that were read
   * and have the same digest: their compressed bytes are not proved once more, nor are they looked through once more. For
   * caches that are restored from where others can write too. Default: none, and nothing but bytes is believed.
   */
  readonly cacheKey?: string | undefined
}

/** What writes an artifact. */
export type ArtifactEngine = 'native' | 'archiver'

/** What {@link readArtifactPlan} is told: the same, and output only so that it is known not to be a part of itself. */
export type ReadArtifactPlanOptions = Omit<BuildArtifactOptions, 'output'> &
  Partial<Pick<BuildArtifactOptions, 'output'>>

/** What {@link planArtifact} is told: the same choice, with what is read from a disk given by the caller. */
export interface PlanArtifactOptions extends Pick<ChoosingOptions, 'exclude' | 'tracked' | 'include' | 'map'> {
  /** Paths below root that the commit tracks. Default: none. */
  readonly committed?: readonly string[] | undefined
  /** The ignore files themselves; of one folder, later ones override earlier ones. Default: none. */
  readonly ignoreFiles?: readonly IgnoreFile[] | undefined
  /** Where root stands in the repository, with a slash at the end: `apps/shop/`. Default: at its top. */
  readonly prefix?: string | undefined
  /** The lock of the npm project in root, and the folders of the workspaces; all where there are none. */
  readonly npmDependencies?: { readonly lock: NpmLock; readonly workspaces: readonly string[] } | undefined
}

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

/** What stands at a path below root. */
export type TreeEntry =
  | {
      readonly path: string
      readonly type: 'file'
      readonly executable: boolean
      readonly sizeBytes: number
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
      /** What chose it, for people: `include dist/**`. */
      readonly chosenBy: string
    }
  | {
      readonly path: string
      readonly type: 'symlink'
      readonly mode: '0777'
      readonly target: string
      /** Where it stands below root. */
      readonly source: string
      readonly chosenBy: string
    }
  | {
      readonly path: string
      readonly type: 'directory'
      readonly mode: '0755'
      /** Where it stands below root. */
      readonly source: string
      readonly chosenBy: string
    }

/** Why a path that was chosen cannot be in an artifact. */
export type RefusalReason =
  /** A socket, a pipe, a device. */
  | 'not-a-file'
  /** Not UTF-8; it would not come out under its own name. */
  | 'name-not-utf8'
  /** archiver, which writes every tar, would store it under another name. */
  | 'name-not-archivable'
  /** A control character, which Info-ZIP's unzip, and with it CodeDeploy's agent, replaces: it comes out as another name. */
  | 'name-control-character'
  /** `map` gives it a name of more than 255 bytes, or a path of more than 4,095: no Linux has such a file. */
  | 'name-too-long'
  /** `.fairlead` is where the manifest lies. */
  | 'name-reserved'
  /** Absolute, or out of root on its way. */
  | 'link-escapes'
  /** To something that the artifact will not have. */
  | 'link-dangling'
  /** To itself in the end. */
  | 'link-cycle'
  /** `map` puts another one in its place, or makes a folder of a file. */
  | 'path-clash'

/** A path that was chosen and cannot be in an artifact. */
export type RefusedEntry = {
  /** In the artifact. */
  readonly path: string
  readonly reason: RefusalReason
  /** Where it stands below root, if `map` gives it another place. */
  readonly source?: string | undefined
  /** Of a symlink: where it points. */
  readonly target?: string | undefined
}

/** What {@link planArtifact} answers. */
export interface ArtifactPlan {
  /** In the order of the bytes of their paths. */
  readonly entries: readonly PlannedEntry[]
  /** What was chosen and cannot go in. An artifact is built only where this is empty. */
  readonly refused: readonly RefusedEntry[]
  /** Globs of `include`, and `from` of `map`, that fit nothing that was chosen. An artifact is built only where this is empty. */
  readonly unmatched: readonly string[]
  /** npm packages that are needed and not installed. An artifact is built only where this is empty. */
  readonly missingPackages: readonly MissingPackage[]
  /** What goes in and may surprise elsewhere. */
  readonly warnings: readonly PlanWarning[]
  /** What was listed and is not chosen, in the order of the listing; a folder of which nothing can be chosen is not listed. */
  readonly leftOut: readonly LeftOutPath[]
}

/** A path that is in an artifact and not everywhere what it is on Linux. */
export type PlanWarning = {
  readonly path: string
  readonly warning: PlanWarningKind
  /** Of a collision: the name that is in the artifact before it. */
  readonly other?: string | undefined
}

export type PlanWarningKind =
  /** Two names of one folder that differ in case or in the form of their accents: one on macOS and on Windows. */
  | 'name-collision'
  /** A name that Windows cannot have. https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
  | 'name-not-for-windows'

/** A path below root that does not go in, and why. */
export type LeftOutPath = {
  readonly path: string
  /** For people: `exclude *.map`, `.gitignore:3 *.log`. */
  readonly leftOutBy: string
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
  | (Happened<'artifact.warned'> & {
      /** A {@link PlanWarningKind}, or a rule of `@fairlead/appspec`. */
      readonly warning: string
      readonly path: string
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
