/** Every lifecycle event of the Server platform, in the order in which a deployment with a load balancer runs them. */
export const lifecycleEvents = [
  'BeforeBlockTraffic',
  'BlockTraffic',
  'AfterBlockTraffic',
  'ApplicationStop',
  'DownloadBundle',
  'BeforeInstall',
  'Install',
  'AfterInstall',
  'ApplicationStart',
  'ValidateService',
  'BeforeAllowTraffic',
  'AllowTraffic',
  'AfterAllowTraffic',
] as const

export type LifecycleEventName = (typeof lifecycleEvents)[number]

/** The events whose scripts the agent runs. Under the others, scripts are ignored without a word. */
export const scriptedEvents = [
  'BeforeBlockTraffic',
  'AfterBlockTraffic',
  'ApplicationStop',
  'BeforeInstall',
  'AfterInstall',
  'ApplicationStart',
  'ValidateService',
  'BeforeAllowTraffic',
  'AfterAllowTraffic',
] as const satisfies readonly LifecycleEventName[]

/** What Install does with a file that it did not install itself and that is in the way. */
export const fileExistsBehaviors = ['DISALLOW', 'OVERWRITE', 'RETAIN'] as const
export type FileExistsBehavior = (typeof fileExistsBehaviors)[number]

/** Which official agent reads the file, where versions differ: `official-1.8` is the last one in Ruby. */
export const agentProfiles = ['official-1.8', 'official-2'] as const
export type AgentProfile = (typeof agentProfiles)[number]

/** An appspec.yml of the Server platform (EC2 and on-premises), as the agent understands it. */
export interface AppSpec {
  /** Always 0: no other version exists. */
  readonly version: 0
  readonly os: 'linux' | 'windows'
  /** What Install copies, in order. */
  readonly files: readonly AppSpecFile[]
  /** For all files; wins over the value that the deployment gives. */
  readonly fileExistsBehavior?: FileExistsBehavior | undefined
  /** Linux only. */
  readonly permissions: readonly AppSpecPermission[]
  /** Event to scripts, in the order of the file. Events without a script are left out; unknown events are kept. */
  readonly hooks: Readonly<Record<string, readonly AppSpecScript[]>>
}

export interface AppSpecFile {
  /** A file or folder of the bundle, relative to its root; `/` is the whole bundle. */
  readonly source: string
  /** The folder on the host that receives the file, or the folder's contents. */
  readonly destination: string
}

export interface AppSpecPermission {
  /** A file or folder on the host. */
  readonly object: string
  /** `**`: everything below the object; anything else: one level, with `*` for any text. Default `**`. */
  readonly pattern: string
  /** Patterns of names that are left alone. */
  readonly except: readonly string[]
  /** What the rule applies to. Default: both. */
  readonly type: readonly ('file' | 'directory')[]
  readonly owner?: string | undefined
  readonly group?: string | undefined
  /** One to four octal digits as the agent reads them, or '' (which it takes as 0). */
  readonly mode?: string | undefined
  /** Entries for setfacl. */
  readonly acls?: readonly string[] | undefined
  /** An SELinux context. */
  readonly context?: { readonly name?: string; readonly type: string; readonly range?: string } | undefined
}

export interface AppSpecScript {
  /** Relative to the root of the bundle, as written (a leading `/` is allowed), without blanks around it. */
  readonly location: string
  /** Default 3600. */
  readonly timeoutSeconds: number
  /** The user that runs it. Default: the agent's own. */
  readonly runas?: string | undefined
  /** Whether it runs through `sudo`. The agent has this key; its documentation does not. */
  readonly sudo?: true | undefined
}

/** What a finding is about; stable, for programs. */
export type AppSpecRule =
  | 'acl-base-entry'
  | 'acl-character'
  | 'acl-invalid'
  | 'appspec-name'
  | 'byte-order-mark'
  | 'context-invalid'
  | 'context-range'
  | 'context-range-missing'
  | 'context-type-missing'
  | 'destination-relative'
  | 'duplicate-key'
  | 'empty'
  | 'event-runs-no-scripts'
  | 'event-timeouts'
  | 'except-not-a-list'
  | 'file-destination-missing'
  | 'file-exists-behavior'
  | 'file-not-a-map'
  | 'file-source-missing'
  | 'files-not-a-list'
  | 'hook-not-a-list'
  | 'hooks-not-a-map'
  | 'mode-empty'
  | 'mode-invalid'
  | 'mode-too-long'
  | 'mode-unquoted'
  | 'not-a-map'
  | 'not-text'
  | 'os-unsupported'
  | 'owner-numeric'
  | 'permission-not-a-map'
  | 'permission-object-missing'
  | 'permissions-not-a-list'
  | 'permissions-on-windows'
  | 'script-background'
  | 'script-crlf'
  | 'script-location-missing'
  | 'script-missing'
  | 'script-not-a-map'
  | 'script-not-executable'
  | 'script-timeout'
  | 'script-timeout-misread'
  | 'script-without-shebang'
  | 'several-documents'
  | 'source-missing'
  | 'type-not-a-list'
  | 'type-unknown'
  | 'unknown-event'
  | 'unknown-key'
  | 'version-quoted'
  | 'version-unsupported'
  | 'yaml-alias'
  | 'yaml-date'
  | 'yaml-syntax'
  | 'yaml-tag'

/** One thing that is wrong with an appspec.yml, or that its author will regret. JSON-safe. */
export type AppSpecFinding = {
  /** error: the deployment will fail. warning: it is accepted and does something else than it says. */
  readonly severity: 'error' | 'warning'
  readonly rule: AppSpecRule
  /** Where in the value, for example `hooks.BeforeInstall[0].timeout`; '' is the whole file. */
  readonly path: string
  /** 1-based. */
  readonly line: number
  /** 1-based. */
  readonly column: number
  /** What is wrong, one sentence without the place. */
  readonly message: string
  /** What to write instead. */
  readonly cure: string
  /** The value as the agent prints it, where there is one. */
  readonly given?: string
  /**
   * `install`: the agent takes the file, runs the hooks before Install, and fails when Install comes to this value,
   * after the previous release was removed. Default: it refuses the file as a whole.
   */
  readonly noticedBy?: 'install'
}

/** What is known of one file of the bundle. */
export interface BundleFile {
  /** Default: not known. */
  readonly executable?: boolean | undefined
  /**
   * The content, or the beginning of it: two hundred bytes are plenty for the first line, and what is started in the
   * background is looked for in what is given. Default: not known.
   */
  readonly firstBytes?: Uint8Array | string | undefined
}

/** The files of a bundle by their path, relative to its root, `/` between the parts. Folders need not be named. */
export type BundleFiles = Readonly<Record<string, BundleFile>>
