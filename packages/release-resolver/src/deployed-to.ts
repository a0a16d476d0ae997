import { checkOptions, formatTarget, parseTarget, type LedgerEntry, type Release, type Target } from '@fairlead/core'
import { requireClient } from './given.ts'
import type { Gate, GateContext, GateFinding } from './model.ts'
import { findDisagreement, outcomeOf } from './plan/deployment.ts'
import { beganBefore } from './plan/ledger.ts'
import { openCodeDeploy, type CodeDeployClientLike } from './ports/codedeploy.ts'
import { readTargetHistory } from './read-target-history.ts'

/**
 * The gate "these very bytes ran there": the ledger says that the release's commit and sha256 succeeded in the target,
 * that no later deployment of the commit there ended otherwise, and CodeDeploy confirms it, with the same bucket, key,
 * version and ETag. The ledger alone is no evidence: a pipeline could have written it.
 *
 * `client`: of `@aws-sdk/client-codedeploy`, for a target in another account. Default: that of the check.
 *
 * @throws INVALID_RECORD, INVALID_OPTION, UNKNOWN_OPTION
 */
export function deployedTo(target: Target, options: { readonly client?: CodeDeployClientLike | undefined } = {}): Gate {
  checkOptions('deployedTo', options, ['client'])
  requireClient('deployedTo', options.client)
  const wanted = parseTarget(target)
  const place = formatTarget(wanted)
  return {
    name: `deployed to ${place}`,
    check: async (release, context) => {
      const entry = await findNewestVerdict(release, wanted, context)
      return entry
        ? judge(release, wanted, entry, { ...context, client: options.client ?? context.client })
        : [notDeployed(release, place)]
    },
  }
}

/**
 * The entry of the release's commit that began last. Entries come in the order in which they were recorded, and one may
 * be recorded late: those that were recorded before the found one began cannot have begun after it.
 */
async function findNewestVerdict(
  { commit }: Release,
  target: Target,
  { store, signal }: GateContext,
): Promise<LedgerEntry | undefined> {
  let newest: LedgerEntry | undefined
  for await (const entry of readTargetHistory(target, { store, signal })) {
    if (newest && Date.parse(entry.recordedAt) < Date.parse(newest.startedAt)) return newest
    if (entry.commit === commit && (!newest || !beganBefore(entry, newest))) newest = entry
  }
  return newest
}

async function judge(
  { publication }: Release,
  target: Target,
  entry: LedgerEntry,
  { client, signal }: GateContext,
): Promise<readonly GateFinding[]> {
  const place = formatTarget(target)
  const { deploymentId, status, sha256 } = entry
  if (sha256 !== publication.sha256) {
    return [
      {
        code: 'OTHER_BYTES_DEPLOYED',
        message: `${deploymentId} brought other bytes of this commit to ${place}: sha256 ${sha256}, expected ${publication.sha256}`,
        hint: `Deploy the release's own bytes to ${place} first.`,
      },
    ]
  }
  if (status !== 'succeeded') {
    return [
      {
        code: 'DEPLOYMENT_DID_NOT_SUCCEED',
        message: `the newest deployment of this commit to ${place}, ${deploymentId}, ${status}`,
        hint: `Find out why ${deploymentId} ${status}, and deploy the commit to ${place} again.`,
      },
    ]
  }
  const codeDeploy = openCodeDeploy({ client, region: target.region })
  try {
    const facts = await codeDeploy.findDeployment(deploymentId, signal)
    const unconfirmed = (what: string): GateFinding => ({
      code: 'NOT_CONFIRMED',
      message: `the ledger says that ${deploymentId} to ${place} succeeded, and CodeDeploy does not confirm it: ${what}`,
      hint: 'Find out who wrote this entry of the ledger; check the account and the region of the credentials.',
    })
    if (!facts) return [unconfirmed('it knows no such deployment')]
    if (outcomeOf(facts) !== 'succeeded') return [unconfirmed(`its status is ${facts.status}`)]
    const disagreement = findDisagreement(facts, { target, location: publication.location })
    if (!disagreement) return []
    const { field, codeDeploy: said, expected } = disagreement
    return [unconfirmed(`its ${field} is ${said}, expected ${expected}`)]
  } finally {
    codeDeploy.close()
  }
}

function notDeployed({ commit }: Release, place: string): GateFinding {
  return {
    code: 'NOT_DEPLOYED',
    message: `the ledger of ${place} knows no deployment of commit ${commit}`,
    hint: `Deploy the commit to ${place} and record it (recordDeployment) first.`,
  }
}
