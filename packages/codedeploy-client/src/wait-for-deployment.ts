import { ambientOptionNames, checkOptions } from '@fairlead/core'
import { codeDeployErrors } from './errors.ts'
import { follow } from './follow.ts'
import { defaultTimeoutMs } from './limits.ts'
import type { DeploymentReport, DeploymentSubject } from './model.ts'
import { readClient, readMilliseconds, readSubject } from './subject.ts'
import type { WatchDeploymentOptions } from './watch-deployment.ts'

export interface WaitForDeploymentOptions extends WatchDeploymentOptions {
  /**
   * How long to wait, from the call on; the deployment itself is left alone when the time is over. Default: 12 hours,
   * after which an in-place deployment has ended by itself.
   */
  readonly timeoutMs?: number | undefined
}

/**
 * Waits for the end of a deployment that succeeds. `onEvent` is told what {@link watchDeployment} tells. After a failure
 * or a stop, an automatic rollback is followed to its end before the error is thrown, so that the error says how the
 * instances were left.
 *
 * @throws DEPLOYMENT_FAILED, DEPLOYMENT_STOPPED: `context` is the whole report
 * @throws DEPLOYMENT_TIMED_OUT: it still runs
 * @throws DEPLOYMENT_NOT_FOUND, DEPLOYMENT_OUT_OF_SIGHT, TARGET_REGION_MISMATCH, AWS_ACCESS_DENIED…: it is not known
 * @throws INVALID_OPTION, UNKNOWN_OPTION, INVALID_RECORD
 */
export async function waitForDeployment(
  deployment: DeploymentSubject,
  options: WaitForDeploymentOptions = {},
): Promise<DeploymentReport & { readonly status: 'succeeded' }> {
  const verb = 'waitForDeployment'
  checkOptions(verb, options, [...ambientOptionNames, 'client', 'pollIntervalMs', 'maxSilenceMs', 'timeoutMs'])
  readMilliseconds(verb, 'pollIntervalMs', options.pollIntervalMs)
  readMilliseconds(verb, 'maxSilenceMs', options.maxSilenceMs)
  readMilliseconds(verb, 'timeoutMs', options.timeoutMs)
  readClient(verb, options.client)
  const subject = readSubject(deployment)
  const { timeoutMs = defaultTimeoutMs, ...rest } = options
  let report: DeploymentReport | undefined
  for await (const event of follow(subject, { ...rest, timeoutMs })) {
    options.onEvent?.(event)
    if (event.type === 'deployment.ended') report = event.report
  }
  if (report === undefined) throw new Error('a deployment was followed to its end without a report')
  switch (report.status) {
    case 'succeeded':
      return { ...report, status: 'succeeded' }
    case 'failed':
      throw codeDeployErrors.DEPLOYMENT_FAILED(report)
    case 'stopped':
      throw codeDeployErrors.DEPLOYMENT_STOPPED(report)
  }
}
