import { randomUUID } from 'node:crypto'
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { startLocalAws, type LocalAws } from '@fairlead/local-aws'
import { afterAll, beforeAll, vi } from 'vitest'
import type { S3ClientLike } from '../src/index.ts'

/** S3 for the tests of a file, in whose environment the SDK finds it. */
export function useLocalS3() {
  let aws: LocalAws | undefined
  const running = () => {
    if (!aws) throw new Error('local-aws runs only while tests do')
    return aws
  }
  beforeAll(async () => {
    aws = await startLocalAws()
    for (const [name, value] of Object.entries(aws.environment)) vi.stubEnv(name, value)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await aws?.close()
  })
  return {
    get aws() {
      return running()
    },
    /** A new bucket; answers its name. */
    makeBucket: async ({ versioned = true } = {}) => {
      const Bucket = `artifacts-${randomUUID()}`
      await running().clients.s3.send(new CreateBucketCommand({ Bucket }))
      const VersioningConfiguration = { Status: 'Enabled' } as const
      if (versioned)
        await running().clients.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
      return Bucket
    },
  }
}

interface Command {
  readonly input: Record<string, unknown>
  readonly constructor: { readonly name: string }
}

/**
 * The real client behind something that goes wrong: `meddle` may change a command, send it, forget its answer, throw.
 */
export function meddling(
  client: S3ClientLike,
  meddle: (command: Command, send: () => Promise<unknown>) => Promise<unknown>,
): S3ClientLike {
  return {
    send: (command, options) => meddle(command as Command, () => client.send(command, options)),
  }
}

/** What the SDK throws where S3 answers with an error. */
export function serviceError(name: string, httpStatusCode: number, facts: object = {}): Error {
  return Object.assign(new Error(`S3 said ${name}`), {
    name,
    $fault: 'server',
    $metadata: { httpStatusCode },
    ...facts,
  })
}

/** What the SDK throws where the connection breaks before an answer. */
export function brokenConnection(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', $metadata: { attempts: 1 } })
}
