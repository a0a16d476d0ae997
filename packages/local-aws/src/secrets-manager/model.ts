/** A value of a secret, under its version id. */
export interface SecretVersion {
  readonly id: string
  /** Exactly one of text and binary (in base64), or neither where the version is yet to be filled by a rotation. */
  text?: string | undefined
  binary?: string | undefined
  readonly createdMs: number
  stages: readonly string[]
}

export interface RotationRules {
  readonly days: number | undefined
  readonly duration: string | undefined
  readonly schedule: string | undefined
}

/** How a secret is rotated; there from the first RotateSecret on. */
export interface Rotation {
  readonly enabled: boolean
  readonly lambdaArn: string
  readonly rules: RotationRules | undefined
  /** When a rotation last succeeded. */
  readonly lastMs: number | undefined
}

export interface Secret {
  readonly name: string
  readonly arn: string
  description: string | undefined
  kmsKeyId: string | undefined
  readonly createdMs: number
  changedMs: number
  accessedMs: number | undefined
  /** When it was scheduled for deletion, and when it goes. */
  deletion: { readonly atMs: number; readonly goneMs: number } | undefined
  rotation?: Rotation | undefined
  tags: readonly { readonly Key: string; readonly Value: string }[]
  readonly versions: Map<string, SecretVersion>
}
