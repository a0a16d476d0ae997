import { isDeployError, type DeployError, type Target } from '@fairlead/core'
import { expect } from 'vitest'

export const commit = '4f3c2b1a4f3c2b1a4f3c2b1a4f3c2b1a4f3c2b1a'
export const sha256 = 'ab'.repeat(32)
export const target: Target = { application: 'shop', deploymentGroup: 'production' }
export const publication = {
  commit,
  sha256,
  location: { kind: 's3', bucket: 'artifacts', key: `shop/artifacts/${sha256}.zip`, versionId: 'v1', eTag: 'e1' },
} as const

/** The error that a promise rejects with; fails where it resolves, or rejects with anything else. */
export async function failureOf(work: Promise<unknown>): Promise<DeployError> {
  const outcome = await work.then(
    () => new Error('it resolved'),
    (error: unknown) => error,
  )
  if (!isDeployError(outcome)) throw outcome
  expect(JSON.parse(JSON.stringify(outcome))).toMatchObject({ code: outcome.code, message: outcome.message })
  return outcome
}
