import type * as CodeDeploySdk from '@aws-sdk/client-codedeploy'
import type { CodeDeployClient, GetDeploymentCommandOutput } from '@aws-sdk/client-codedeploy'
import { describeAwsFailure } from '@fairlead/core'
import type { DeploymentFacts } from '../plan/deployment.ts'

/** What this package needs of a client of `@aws-sdk/client-codedeploy`; a `CodeDeployClient` fits. */
export interface CodeDeployClientLike {
  readonly send: (command: never, options?: { readonly abortSignal?: AbortSignal }) => Promise<unknown>
}

/** CodeDeploy as a witness: it is only asked how a deployment ended. */
export interface CodeDeployPort {
  /** `undefined`: it knows no such deployment. */
  readonly findDeployment: (deploymentId: string, signal?: AbortSignal) => Promise<DeploymentFacts | undefined>
  /** Closes the connections of the client that the port created. */
  readonly close: () => void
}

/** The port to CodeDeploy in a region. Loads the SDK with the first call. */
export function openCodeDeploy(options: {
  readonly client?: CodeDeployClientLike | undefined
  readonly region?: string | undefined
}): CodeDeployPort {
  let created: CodeDeployClient | undefined
  const connect = (sdk: typeof CodeDeploySdk): CodeDeployClientLike => {
    if (options.client) return options.client
    created ??= new sdk.CodeDeployClient(options.region === undefined ? {} : { region: options.region })
    return created
  }
  return {
    findDeployment: async (deploymentId, signal) => {
      signal?.throwIfAborted()
      const sdk = await import('@aws-sdk/client-codedeploy')
      try {
        const answer = (await connect(sdk).send(
          new sdk.GetDeploymentCommand({ deploymentId }) as never,
          signal ? { abortSignal: signal } : {},
        )) as GetDeploymentCommandOutput
        return factsOf(deploymentId, answer)
      } catch (error) {
        const { name } = error as { readonly name?: string }
        const unknown = name === 'DeploymentDoesNotExistException' || name === 'InvalidDeploymentIdException'
        if (unknown && !signal?.aborted) return undefined
        throw describeAwsFailure(error, { action: 'codedeploy:GetDeployment', resource: deploymentId, signal })
      }
    },
    close: () => {
      created?.destroy()
      created = undefined
    },
  }
}

function factsOf(deploymentId: string, { deploymentInfo }: GetDeploymentCommandOutput): DeploymentFacts {
  const revision = deploymentInfo?.revision?.s3Location
  return {
    deploymentId,
    application: deploymentInfo?.applicationName,
    deploymentGroup: deploymentInfo?.deploymentGroupName,
    status: deploymentInfo?.status ?? 'unknown',
    revision: revision && {
      bucket: revision.bucket,
      key: revision.key,
      versionId: revision.version,
      eTag: revision.eTag?.replaceAll('"', ''),
    },
    createdAt: deploymentInfo?.createTime?.toISOString(),
    completedAt: deploymentInfo?.completeTime?.toISOString(),
    rollbackDeploymentId: deploymentInfo?.rollbackInfo?.rollbackDeploymentId,
  }
}
