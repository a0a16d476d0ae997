import { ambientOptionNames, checkOptions, type AmbientOptions } from '@fairlead/core'
import { follow } from './follow.ts'
import type { DeploymentEvent, DeploymentSubject } from './model.ts'
import type { CodeDeploySender } from './ports/codedeploy.ts'
import { readClient, readMilliseconds, readSubject } from './subject.ts'

export interface WatchDeploymentOptions extends AmbientOptions<DeploymentEvent> {
  /** A `CodeDeployClient`. Default: one of the target's region and the standard environment, created by the first call. */
  readonly client?: CodeDeploySender | undefined
  /** The pause between polls. Default: 1 second after a change, longer while nothing happens, at most 15 seconds. */
  readonly pollIntervalMs?: number | undefined
  /** How long CodeDeploy may be throttling or unreachable before DEPLOYMENT_OUT_OF_SIGHT. Default: 10 minutes. */
  readonly maxSilenceMs?: number | undefined
}

/**
 * Tells what happens in a deployment, on every instance, and then in the rollback that follows a failure, each change
 * once and in order. The last event is `deployment.ended` with the report, whatever the outcome: a deployment that fails
 * is something to tell. Each iteration watches anew, from what it finds.
 *
 * @throws INVALID_OPTION, UNKNOWN_OPTION, INVALID_RECORD at once
 * @throws DEPLOYMENT_NOT_FOUND, TARGET_REGION_MISMATCH, AWS_ACCESS_DENIED…, DEPLOYMENT_OUT_OF_SIGHT while iterating: nothing can be told
 */
export function watchDeployment(
  deployment: DeploymentSubject,
  options: WatchDeploymentOptions = {},
): AsyncIterable<DeploymentEvent> {
  const verb = 'watchDeployment'
  checkOptions(verb, options, [...ambientOptionNames, 'client', 'pollIntervalMs', 'maxSilenceMs'])
  readMilliseconds(verb, 'pollIntervalMs', options.pollIntervalMs)
  readMilliseconds(verb, 'maxSilenceMs', options.maxSilenceMs)
  readClient(verb, options.client)
  const subject = readSubject(deployment)
  return {
    [Symbol.asyncIterator]: async function* () {
      for await (const event of follow(subject, options)) {
        options.onEvent?.(event)
        yield event
      }
    },
  }
}
