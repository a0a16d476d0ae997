import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BundleFormat } from './write-bundle.ts'

/** A recorded run of the official agent; the README beside the vectors says what the fields mean. */
export interface Vector {
  readonly name: string
  readonly about: string
  readonly driver: 'daemon' | 'codedeploy-local'
  readonly requires?: readonly ('root' | 'user' | 'nologinUser')[]
  readonly agentConfig?: { readonly max_revisions?: number }
  readonly logOrder?: 'any'
  readonly libraryDependent?: boolean
  readonly waitAfterMs?: number
  readonly steps: readonly VectorStep[]
  readonly expect: readonly Expectation[]
}

export interface VectorStep {
  readonly before?: readonly HostChange[]
  readonly bundle?: readonly VectorEntry[] | { readonly sameAs: number }
  readonly archive?: {
    readonly base64?: string
    readonly format?: BundleFormat
    readonly truncateTo?: number
    readonly noUnixModes?: boolean
  }
  readonly deployment: VectorDeployment
  readonly during?: {
    readonly event: string
    readonly afterSeconds: number
    readonly agent: 'kill' | 'stop'
  }
}

export interface VectorDeployment {
  readonly group: string
  readonly groupName?: string
  readonly application?: string
  readonly bundleType: BundleFormat | 'directory'
  readonly fileExistsBehavior?: string
  readonly events?: readonly string[]
  readonly continueAfterFailureOf?: string
  readonly appSpecFilename?: string
  readonly creator?: string
  readonly type?: string
  readonly allPossibleLifecycleEvents?: readonly string[]
  readonly revision?: Readonly<Record<string, string | null>>
  readonly acknowledgementReplies?: Readonly<Record<string, string>>
  readonly specOmit?: readonly string[]
  readonly envelopeFormat?: string
}

export interface VectorEntry {
  readonly path: string
  readonly mode?: string
  readonly content?: string
  readonly base64?: string
  readonly symlink?: string
  readonly dir?: boolean
  readonly raw?: boolean
  readonly uid?: number
  readonly gid?: number
  readonly generate?: { readonly count: number; readonly path: string; readonly content: string }
}

export interface HostChange {
  readonly op: 'write' | 'mkdir' | 'rm' | 'chmod' | 'symlink'
  readonly path: string
  readonly content?: string
  readonly mode?: string
  readonly target?: string
}

export interface ExpectedEvent {
  readonly name: string
  readonly status: string
  readonly noop?: boolean
  readonly acknowledged?: boolean
  readonly code?: number | string
  readonly script?: string
  readonly message?: string
  readonly messageRuntime?: string
  readonly log?: readonly string[]
  readonly completionsSent?: number
}

export interface Expectation {
  readonly status: string
  readonly exitStatus?: number
  readonly error?: string
  readonly events: readonly ExpectedEvent[]
  readonly hookEnv?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly cwdOfHooks?: string
  readonly targetTree?: readonly unknown[]
  readonly targetDigest?: { readonly entries: number; readonly files: number; readonly sha256: string }
  readonly logLines?: readonly string[]
  readonly stateFiles?: Readonly<Record<string, unknown>>
  readonly stateOrder?: 'any'
  readonly retained?: readonly string[]
  readonly layout?: readonly string[]
  readonly archiveTree?: readonly unknown[]
  readonly outside?: Readonly<Record<string, string | null>>
}

/** The vectors of a folder, by name. */
export function readVectors(folder: string): readonly Vector[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Vector)
}
