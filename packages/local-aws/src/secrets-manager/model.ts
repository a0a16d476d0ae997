/** A value of a secret, under its version id. */
export interface SecretVersion {
  readonly id: string
  /** Exactly one of text and binary (in base64), or neither where the version is yet to be filled by a rotation. */
  readonly text?: string | undefined
  readonly binary?: string | undefined
  readonly createdMs: number
  stages: readonly string[]
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
  tags: readonly { readonly Key: string; readonly Value: string }[]
  readonly versions: Map<string, SecretVersion>
}
