import { ambientOptionNames, checkOptions, systemClock, timestamp, type AmbientOptions } from '@fairlead/core'
import type { DeploymentContinued, DeploymentSubject } from './model.ts'
import { openCodeDeploy, type CodeDeploySender } from './ports/codedeploy.ts'
import { readClient, readSubject, readWord } from './subject.ts'

export interface ContinueDeploymentOptions extends AmbientOptions<DeploymentContinued> {
  /**
   * What goes on: `traffic` to the new instances, or the `termination` of the old ones.
   * Default: CodeDeploy's, which is `traffic`.
   */
  readonly phase?: 'traffic' | 'termination' | undefined
  /** A `CodeDeployClient`. Default: one of the target's region and the standard environment, created by the first call. */
  readonly client?: CodeDeploySender | undefined
}

/**
 * Lets a blue/green deployment that waits go on.
 *
 * @throws DEPLOYMENT_NOT_READY, DEPLOYMENT_NOT_FOUND, TARGET_REGION_MISMATCH, AWS_ACCESS_DENIED…, INVALID_OPTION,
 * UNKNOWN_OPTION, INVALID_RECORD
 */
export async function continueDeployment(
  deployment: DeploymentSubject,
  options: ContinueDeploymentOptions = {},
): Promise<void> {
  const verb = 'continueDeployment'
  checkOptions(verb, options, [...ambientOptionNames, 'client', 'phase'])
  readWord(verb, 'phase', options.phase, ['traffic', 'termination'])
  readClient(verb, options.client)
  const { deploymentId, target } = readSubject(deployment)
  const { client, phase, signal, clock = systemClock, onEvent } = options
  signal?.throwIfAborted()
  const codeDeploy = openCodeDeploy({ client, target })
  try {
    await codeDeploy.continueDeployment(deploymentId, phase, signal)
    onEvent?.({
      type: 'deployment.continued',
      at: timestamp(clock),
      summary: `${deploymentId} goes on`,
      deploymentId,
    })
  } finally {
    codeDeploy.close()
  }
}
