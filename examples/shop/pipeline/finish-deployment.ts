import { waitForDeployment } from '@fairlead/codedeploy-client'
import type { Deployment } from '@fairlead/core'
import { recordDeployment } from '@fairlead/release-resolver'
import { store } from './environments.ts'
import { print } from './report.ts'

/**
 * Waits for the end of a deployment and writes it into the ledger, a failed one too. Where both fail, the deployment's
 * own failure is the reason: a ledger that says "not ended yet" would hide why nobody could watch.
 */
export async function finishDeployment(deployment: Deployment, options: { readonly tag?: string } = {}): Promise<void> {
  const [waited] = await Promise.allSettled([waitForDeployment(deployment, { onEvent: print })])
  const [recorded] = await Promise.allSettled([recordDeployment(deployment, { store, ...options, onEvent: print })])
  for (const result of [waited, recorded]) {
    if (result.status === 'rejected') throw result.reason
  }
}
