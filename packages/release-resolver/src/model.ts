import type { AmbientOptions, ArtifactStore, Clock, DeployEvent, Release, Target } from '@fairlead/core'
import type { CodeDeployClientLike } from './ports/codedeploy.ts'

export interface ResolveReleaseOptions extends AmbientOptions<ReleaseEvent> {
  /**
   * A path of a clone or of a bare repository (`file://` too), or an address: `https://`, `ssh://`, `git://`,
   * `http://`, `user@host:path`. A clone keeps an old tag where the remote moved it: the address asks the remote.
   */
  readonly repository: string
  /** The short name, for example `v1.0.0`. */
  readonly tag: string
  readonly store: ArtifactStore
}

export interface RecordDeploymentOptions extends AmbientOptions<ReleaseEvent> {
  readonly store: ArtifactStore
  /** The tag that was promoted, if one was. */
  readonly tag?: string | undefined
  /** Who deployed, for people: a user, a job of a CI server. Default: `user@machine` of this process. */
  readonly by?: string | undefined
  /** A client of `@aws-sdk/client-codedeploy`. Default: one from the standard environment, in the target's region. */
  readonly client?: CodeDeployClientLike | undefined
}

export interface ReadTargetOptions {
  readonly store: ArtifactStore
  readonly signal?: AbortSignal | undefined
}

export interface CheckPromotableOptions extends AmbientOptions<ReleaseEvent> {
  readonly store: ArtifactStore
  /** At least one. All are asked; each says why it refuses. */
  readonly gates: readonly Gate[]
  /** A clone on this machine, for gates that look at history. Default: the release's repository. */
  readonly repository?: string | undefined
  /** A client of `@aws-sdk/client-codedeploy`. Default: one from the standard environment, in a target's region. */
  readonly client?: CodeDeployClientLike | undefined
}

/** A condition of promotion. A team writes its own as a plain object. */
export interface Gate {
  /** For people: `deployed to shop/dev`. */
  readonly name: string
  /**
   * Answers why the release may not be promoted; nothing means that it may. Rejects where it cannot find out: that is
   * no "no", and no "yes" either.
   */
  readonly check: (release: Release, context: GateContext) => Promise<readonly GateFinding[]> | readonly GateFinding[]
}

/** What a gate may use. */
export interface GateContext {
  readonly store: ArtifactStore
  /** A path or an address. */
  readonly repository: string
  readonly client?: CodeDeployClientLike | undefined
  readonly signal?: AbortSignal | undefined
  readonly clock: Clock
}

/** Why a gate refuses. */
export interface GateFinding {
  /** In capitals, for programs. */
  readonly code: string
  /** One sentence, for people. */
  readonly message: string
  /** The next thing to do. */
  readonly hint: string
}

/** A finding, and the gate that made it. */
export interface PromotionFinding extends GateFinding {
  readonly gate: string
}

/** What the verbs of this package tell while they work. */
export type ReleaseEvent =
  | (DeployEvent & {
      readonly type: 'release.tag-resolved'
      readonly tag: string
      readonly commit: string
      readonly repository: string
    })
  | (DeployEvent & {
      readonly type: 'release.publication-found'
      readonly commit: string
      readonly sha256: string
      readonly store: string
    })
  | (DeployEvent & {
      readonly type: 'ledger.deployment-recorded'
      readonly target: Target
      readonly deploymentId: string
      readonly sequence: number
      readonly status: string
    })
  | (DeployEvent & {
      /** Nothing was to do. */
      readonly type: 'ledger.already-recorded'
      readonly target: Target
      readonly deploymentId: string
      readonly sequence: number
    })
  | (DeployEvent & {
      /** Another writer had written its entry and not the head yet, perhaps because it was killed. */
      readonly type: 'ledger.head-repaired'
      readonly target: Target
      readonly deploymentId: string
      readonly sequence: number
    })
  | (DeployEvent & { readonly type: 'promotion.gate-passed'; readonly gate: string })
  | (DeployEvent & {
      readonly type: 'promotion.gate-refused'
      readonly gate: string
      readonly codes: readonly string[]
    })
