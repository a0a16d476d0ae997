import { describeValue, type LedgerEntry, type ObjectLocation, type Target } from '@fairlead/core'

/** What CodeDeploy says of a deployment. */
export interface DeploymentFacts {
  readonly deploymentId: string
  readonly application: string | undefined
  readonly deploymentGroup: string | undefined
  /** CodeDeploy's word: Created, Queued, InProgress, Baking, Succeeded, Failed, Stopped, Ready. */
  readonly status: string
  readonly revision:
    | {
        readonly bucket: string | undefined
        readonly key: string | undefined
        readonly versionId: string | undefined
        /** Without quotes. */
        readonly eTag: string | undefined
      }
    | undefined
  readonly createdAt: string | undefined
  readonly completedAt: string | undefined
  /** The deployment that put the previous revision back. */
  readonly rollbackDeploymentId: string | undefined
}

/** How a deployment ended, or `undefined` while it runs. */
export function outcomeOf({ status }: Pick<DeploymentFacts, 'status'>): LedgerEntry['status'] | undefined {
  if (status === 'Succeeded') return 'succeeded'
  if (status === 'Failed') return 'failed'
  if (status === 'Stopped') return 'stopped'
  return undefined
}

/** Where CodeDeploy and a record disagree. */
export interface Disagreement {
  readonly field: string
  readonly codeDeploy: string
  readonly expected: string
}

/**
 * Compares what CodeDeploy says with what a record says: the same application and group, and the very same bytes. What
 * the record pins, CodeDeploy must have been given.
 */
export function findDisagreement(
  facts: DeploymentFacts,
  record: { readonly target: Target; readonly location: ObjectLocation },
): Disagreement | undefined {
  const { target, location } = record
  const pinned = location.kind === 's3' ? location : undefined
  const rows: readonly (readonly [field: string, codeDeploy: string | undefined, expected: string | undefined])[] = [
    ['application', facts.application, target.application],
    ['deployment group', facts.deploymentGroup, target.deploymentGroup],
    ['bucket', facts.revision?.bucket, pinned?.bucket],
    ['key', facts.revision?.key, pinned?.key],
    ['version', facts.revision?.versionId, pinned?.versionId],
    ['eTag', facts.revision?.eTag, pinned?.eTag],
  ]
  if (!pinned) {
    return { field: 'revision', codeDeploy: 'an object in S3', expected: `a ${location.kind}` }
  }
  const differs = rows.find(([, codeDeploy, expected]) => codeDeploy !== expected)
  return differs && { field: differs[0], codeDeploy: describeValue(differs[1]), expected: describeValue(differs[2]) }
}
