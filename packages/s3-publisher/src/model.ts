import type { AmbientOptions, ArtifactFormat, ArtifactStore, Clock, DeployEvent, ObjectLocation } from '@fairlead/core'
import type { S3ClientLike } from './ports/s3.ts'

/** What {@link publishArtifact} needs to know of an artifact; an `Artifact` of the builder fits. */
export interface PublishableArtifact {
  /** Path of the file. */
  readonly path: string
  /** How it is packed. Default: `zip`. */
  readonly format?: ArtifactFormat | undefined
  readonly application: string
  /** Full git commit id. */
  readonly commit: string
  /** Of the file's bytes, lowercase hex. */
  readonly sha256: string
  /** Of the tree, whatever the packing. */
  readonly contentDigest: string
  readonly sizeBytes: number
}

/** What to do where the commit was published before with other bytes. */
export type WhenDifferent = 'fail' | 'use-existing'

export interface PublishArtifactOptions extends AmbientOptions<PublicationEvent> {
  readonly store: ArtifactStore
  /**
   * Where the commit was published before with other bytes: `fail` refuses with ARTIFACT_CONFLICT, `use-existing`
   * answers the publication that is there. Default: `fail`.
   */
  readonly whenDifferent?: WhenDifferent | undefined
}

export interface S3StoreOptions {
  readonly bucket: string
  /** In front of every key, a `/` between them. Default: none. */
  readonly prefix?: string | undefined
  /** A client of `@aws-sdk/client-s3`, never destroyed by the store. Default: one from the standard environment, on first use. */
  readonly client?: S3ClientLike | undefined
  /** Region of the bucket. Default: that of the environment. Not together with `client`. */
  readonly region?: string | undefined
  /** URL of another service that speaks S3. Default: that of the environment (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL), or AWS. Not together with `client`. */
  readonly endpoint?: string | undefined
  /** Bucket in the path and not in the host name. Default: true with an endpoint of one's own. Not together with `client`. */
  readonly forcePathStyle?: boolean | undefined
  /** For the pauses between attempts. Default: the clock of this machine. */
  readonly clock?: Clock | undefined
}

/** A store in S3. */
export interface S3Store extends ArtifactStore {
  /** Closes the idle connections of the client that the store created. The store can be used again afterwards. */
  readonly close: () => void
  readonly [Symbol.dispose]: () => void
}

export interface FolderStoreOptions {
  /** The folder. It must exist. */
  readonly path: string
  /** Make the folder on first use where it does not exist. Default: false. */
  readonly create?: boolean | undefined
}

/** What {@link publishArtifact} tells while it works. */
export type PublicationEvent =
  | (DeployEvent & {
      readonly type: 'publication.artifact-checked'
      readonly path: string
      readonly sha256: string
      readonly sizeBytes: number
    })
  | (DeployEvent & {
      readonly type: 'publication.upload-started'
      readonly store: string
      readonly key: string
      readonly sizeBytes: number
    })
  | (DeployEvent & {
      readonly type: 'publication.upload-progressed'
      readonly key: string
      readonly sentBytes: number
      readonly sizeBytes: number
    })
  | (DeployEvent & {
      readonly type: 'publication.bytes-stored'
      readonly key: string
      /** False: the store had these bytes before. */
      readonly created: boolean
      readonly location: ObjectLocation
    })
  | (DeployEvent & {
      readonly type: 'publication.commit-recorded'
      readonly commit: string
      readonly sha256: string
    })
  | (DeployEvent & {
      /** Nothing was to do. */
      readonly type: 'publication.already-published'
      readonly commit: string
      readonly sha256: string
    })
  | (DeployEvent & {
      /** The commit has other bytes, and the caller asked for those. */
      readonly type: 'publication.existing-used'
      readonly commit: string
      readonly sha256: string
      readonly givenSha256: string
    })
