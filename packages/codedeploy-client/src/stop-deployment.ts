import { ambientOptionNames, checkOptions, systemClock, timestamp, type AmbientOptions } from '@fairlead/core'
import type { DeploymentStopRequested, DeploymentSubject } from './model.ts'
import { openCodeDeploy, type CodeDeploySender } from './ports/codedeploy.ts'
import { readClient, readFlag, readSubject } from './subject.ts'

export interface StopDeploymentOptions extends AmbientOptions<DeploymentStopRequested> {
  /**
   * Whether the last successful revision is put back on the instances that have the new one already.
   * Default: what the deployment or its group says.
   */
  readonly rollback?: boolean | undefined
  /** A `CodeDeployClient`. Default: one of the target's region and the standard environment, created by the first call. */
  readonly client?: CodeDeploySender | undefined
}

/** The answer to a request to stop. */
export interface StopAnswer {
  readonly deploymentId: string
  /** It had ended before: nothing was to do. */
  readonly alreadyEnded: boolean
  /** CodeDeploy's words. */
  readonly message?: string | undefined
}

/**
 * Asks CodeDeploy to stop a deployment. Scripts that run are not interrupted; `waitForDeployment` tells how it ends. A
 * deployment that has ended is left alone.
 *
 * @throws DEPLOYMENT_NOT_FOUND, TARGET_REGION_MISMATCH, AWS_ACCESS_DENIED…, INVALID_OPTION, UNKNOWN_OPTION, INVALID_RECORD
 */
export async function stopDeployment(
  deployment: DeploymentSubject,
  options: StopDeploymentOptions = {},
): Promise<StopAnswer> {
  const verb = 'stopDeployment'
  checkOptions(verb, options, [...ambientOptionNames, 'client', 'rollback'])
  readFlag(verb, 'rollback', options.rollback)
  readClient(verb, options.client)
  const { deploymentId, target } = readSubject(deployment)
  const { client, rollback, signal, clock = systemClock, onEvent } = options
  signal?.throwIfAborted()
  const codeDeploy = openCodeDeploy({ client, target })
  try {
    const { alreadyEnded, message } = await codeDeploy.stopDeployment(deploymentId, rollback, signal)
    onEvent?.({
      type: 'deployment.stop-requested',
      at: timestamp(clock),
      summary: alreadyEnded ? `${deploymentId} had ended before: nothing to stop` : `${deploymentId} is being stopped`,
      deploymentId,
      alreadyEnded,
    })
    return { deploymentId, alreadyEnded, message }
  } finally {
    codeDeploy.close()
  }
}
