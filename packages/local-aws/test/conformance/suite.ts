import { randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { expect } from 'vitest'
import { send, sign, type RawRequest, type RawResponse, type SigningOptions } from '../running.ts'

/** What the suite is held to: S3 and Secrets Manager at one endpoint, or each at its own. */
export interface Endpoint {
  readonly s3: string
  readonly secretsManager: string
  readonly region: string
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string | undefined
  }
}

/** What a case works with; everything that it makes is removed behind it. */
export interface World {
  readonly endpoint: Endpoint
  readonly s3: S3Client
  readonly secretsManager: SecretsManagerClient
  /** A new empty bucket. */
  readonly bucket: (options?: { readonly versioned?: boolean }) => Promise<string>
  /** A name that no secret has; the secret is removed if the case makes one. */
  readonly secretName: () => string
  /** Signs for S3, and sends exactly this. */
  readonly raw: (request: RawRequest, options?: Partial<SigningOptions>) => Promise<RawResponse>
}

/** One thing that AWS does, and where AWS says so. */
export interface ConformanceCase {
  readonly name: string
  readonly document: string
  readonly run: (world: World) => Promise<void>
}

/** Cases of one page of the documentation. */
export function casesOf(
  document: string,
  cases: Readonly<Record<string, (world: World) => Promise<void>>>,
): readonly ConformanceCase[] {
  return Object.entries(cases).map(([name, run]) => ({ name, document, run }))
}

/** Runs a case in a world of its own. */
export async function runCase({ run }: ConformanceCase, endpoint: Endpoint): Promise<void> {
  const { region } = endpoint
  const { sessionToken, ...key } = endpoint.credentials
  const credentials = sessionToken === undefined ? key : { ...key, sessionToken }
  const s3 = new S3Client({ endpoint: endpoint.s3, region, credentials, forcePathStyle: true, maxAttempts: 1 })
  const secretsManager = new SecretsManagerClient({
    endpoint: endpoint.secretsManager,
    region,
    credentials,
    maxAttempts: 1,
  })
  const buckets: string[] = []
  const secrets: string[] = []
  try {
    await run({
      endpoint,
      s3,
      secretsManager,
      bucket: async ({ versioned = false } = {}) => {
        const Bucket = `conformance-${randomBytes(8).toString('hex')}`
        const constraint = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region } }
        await s3.send(new CreateBucketCommand({ Bucket, ...(constraint as object) }))
        buckets.push(Bucket)
        if (versioned) {
          const VersioningConfiguration = { Status: 'Enabled' } as const
          await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
        }
        return Bucket
      },
      secretName: () => {
        const name = `conformance/${randomBytes(8).toString('hex')}`
        secrets.push(name)
        return name
      },
      raw: (request, options = {}) =>
        send(
          endpoint.s3,
          sign(
            endpoint.s3,
            sessionToken === undefined
              ? request
              : { ...request, headers: { ...request.headers, 'x-amz-security-token': sessionToken } },
            { credentials: key, region, ...options },
          ).request,
        ),
    })
  } finally {
    for (const bucket of buckets) await removeBucket(s3, bucket).catch(() => {})
    for (const SecretId of secrets) {
      const force = new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })
      await secretsManager.send(force).catch(() => {})
    }
    s3.destroy()
    secretsManager.destroy()
  }
}

async function removeBucket(s3: S3Client, Bucket: string): Promise<void> {
  await s3.send(new DeleteBucketPolicyCommand({ Bucket })).catch(() => {})
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }))
  for (const { Key, UploadId } of Uploads) await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }))
    const all = [...Versions, ...DeleteMarkers]
    for (const { Key, VersionId } of all) await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))
    if (all.length === 0) break
  }
  await s3.send(new DeleteBucketCommand({ Bucket }))
}

/** The call is refused with this error, by its name on the wire or its status. */
export async function refused(
  call: Promise<unknown>,
  expected: { readonly name?: string | RegExp; readonly status?: number; readonly message?: string | RegExp },
): Promise<void> {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure as Error & { $metadata?: { httpStatusCode?: number }; Code?: string },
  )
  expect(error, 'the call is refused').toBeInstanceOf(Error)
  if (expected.name !== undefined) expect(error?.name).toMatch(expected.name)
  if (expected.status !== undefined) expect(error?.$metadata?.httpStatusCode).toBe(expected.status)
  if (expected.message !== undefined) expect(error?.message).toMatch(expected.message)
}

export const s3Api = 'https://docs.aws.amazon.com/AmazonS3/latest/API/'
export const s3Guide = 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/'
export const secretsApi = 'https://docs.aws.amazon.com/secretsmanager/latest/apireference/'
