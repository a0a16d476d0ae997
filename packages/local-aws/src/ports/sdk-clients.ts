import { createRequire } from 'node:module'
import type * as codedeploySdk from '@aws-sdk/client-codedeploy'
import type * as s3Sdk from '@aws-sdk/client-s3'
import type * as secretsManagerSdk from '@aws-sdk/client-secrets-manager'
import type * as stsSdk from '@aws-sdk/client-sts'

/** Clients of the AWS SDK that talk to a server. Each is loaded and made when it is first asked for. */
export interface SdkClients {
  readonly s3: s3Sdk.S3Client
  readonly codeDeploy: codedeploySdk.CodeDeployClient
  readonly secretsManager: secretsManagerSdk.SecretsManagerClient
  readonly sts: stsSdk.STSClient
}

export interface SdkClientConfiguration {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

interface Destroyable {
  readonly destroy: () => void
}

/**
 * Getters that load their client with `require`: an import would make each of them a promise, and loading all of them
 * at the start would cost every test the half second that one of them takes.
 */
export function lazyClients(configuration: SdkClientConfiguration): {
  readonly clients: SdkClients
  readonly destroy: () => void
} {
  const require = createRequire(import.meta.url)
  const made = new Map<string, Destroyable>()
  const once = <T extends Destroyable>(name: string, make: () => T): T => {
    const existing = made.get(name) ?? make()
    made.set(name, existing)
    return existing as T
  }
  const { endpoint, region } = configuration
  const credentials = { ...configuration.credentials }
  return {
    clients: {
      get s3() {
        return once('s3', () => {
          const sdk = require('@aws-sdk/client-s3') as typeof s3Sdk
          return new sdk.S3Client({ endpoint, region, credentials, forcePathStyle: true })
        })
      },
      get codeDeploy() {
        return once('codeDeploy', () => {
          const sdk = require('@aws-sdk/client-codedeploy') as typeof codedeploySdk
          return new sdk.CodeDeployClient({ endpoint, region, credentials })
        })
      },
      get secretsManager() {
        return once('secretsManager', () => {
          const sdk = require('@aws-sdk/client-secrets-manager') as typeof secretsManagerSdk
          return new sdk.SecretsManagerClient({ endpoint, region, credentials })
        })
      },
      get sts() {
        return once('sts', () => {
          const sdk = require('@aws-sdk/client-sts') as typeof stsSdk
          return new sdk.STSClient({ endpoint, region, credentials })
        })
      },
    },
    destroy: () => {
      for (const client of made.values()) client.destroy()
    },
  }
}
