import {
  ambientOptionNames,
  checkOptions,
  formatTarget,
  parseDeployment,
  systemClock,
  timestamp,
  type Deployment,
  type LedgerEntry,
} from '@fairlead/core'
import { errors } from './errors.ts'
import { refuseOption, requireClient, requireStore } from './given.ts'
import { appendEntry, findRecorded, readLedger } from './ledger.ts'
import type { RecordDeploymentOptions, ReleaseEvent } from './model.ts'
import { findDisagreement, outcomeOf, type DeploymentFacts } from './plan/deployment.ts'
import { faultOfRefName } from './plan/ref-name.ts'
import { openCodeDeploy, type CodeDeployPort } from './ports/codedeploy.ts'
import { whoRuns } from './ports/machine.ts'

/**
 * Writes into the ledger of its target how a deployment ended, as CodeDeploy says it: the caller's word is not taken.
 * Recording the same deployment again answers the entry that is there.
 *
 * @throws DEPLOYMENT_NOT_ENDED, DEPLOYMENT_NOT_FOUND, DEPLOYMENT_MISMATCH, LEDGER_BUSY, TAG_NAME_INVALID,
 *   INVALID_RECORD, INVALID_OPTION, UNKNOWN_OPTION, AWS_ACCESS_DENIED, AWS_UNREACHABLE and the other failures of AWS,
 *   and what the store throws; `signal.reason` when cancelled
 */
export async function recordDeployment(deployment: Deployment, options: RecordDeploymentOptions): Promise<LedgerEntry> {
  checkOptions('recordDeployment', options ?? {}, ['store', 'tag', 'by', 'client', ...ambientOptionNames])
  const { store, tag, client, signal, onEvent, clock = systemClock } = options ?? {}
  requireStore('recordDeployment', store)
  requireClient('recordDeployment', client)
  const reason = tag === undefined ? undefined : faultOfRefName(tag)
  if (reason) throw errors.TAG_NAME_INVALID({ tag: String(tag), reason })
  if (options.by !== undefined && (typeof options.by !== 'string' || options.by === '')) {
    throw refuseOption('recordDeployment', 'by', options.by, 'a name')
  }
  const given = parseDeployment(deployment)
  const { deploymentId, target } = given
  const place = { store, target, signal }
  const tell = (event: ReleaseEvent) => onEvent?.(event)
  const tellAlready = ({ sequence }: LedgerEntry) =>
    tell({
      type: 'ledger.already-recorded',
      at: timestamp(clock),
      summary: `${deploymentId} was recorded for ${formatTarget(target)} before: nothing to do`,
      target,
      deploymentId,
      sequence,
    })
  signal?.throwIfAborted()

  const recorded = await findRecorded(place, await readLedger(place), given)
  if (recorded) {
    tellAlready(recorded)
    return recorded
  }

  const codeDeploy = openCodeDeploy({ client, region: target.region })
  try {
    const { facts, status } = await readEnded(codeDeploy, deploymentId, undefined, signal)
    const disagreement = findDisagreement(facts, given)
    if (disagreement) throw errors.DEPLOYMENT_MISMATCH({ deploymentId, ...disagreement })
    const rollback = facts.rollbackDeploymentId
      ? await readEnded(codeDeploy, facts.rollbackDeploymentId, deploymentId, signal)
      : undefined
    const { entry, already } = await appendEntry(
      place,
      {
        schema: 'fairlead/ledger-entry/1',
        target,
        deploymentId,
        commit: given.commit,
        sha256: given.sha256,
        location: given.location,
        ...(tag === undefined ? {} : { tag }),
        status,
        ...(rollback ? { rollback: { deploymentId: rollback.facts.deploymentId, status: rollback.status } } : {}),
        startedAt: facts.createdAt ?? given.startedAt,
        ...(facts.completedAt === undefined ? {} : { endedAt: facts.completedAt }),
        recordedAt: timestamp(clock),
        by: options.by ?? whoRuns(),
      },
      {
        clock,
        onRepair: (repaired) =>
          tell({
            type: 'ledger.head-repaired',
            at: timestamp(clock),
            summary: `carried ${repaired.deploymentId} into the head of ${formatTarget(target)}, where its writer had not`,
            target,
            deploymentId: repaired.deploymentId,
            sequence: repaired.sequence,
          }),
      },
    )
    if (already) tellAlready(entry)
    else {
      tell({
        type: 'ledger.deployment-recorded',
        at: timestamp(clock),
        summary: `recorded that ${deploymentId} to ${formatTarget(target)} ${status}`,
        target,
        deploymentId,
        sequence: entry.sequence,
        status,
      })
    }
    return entry
  } finally {
    codeDeploy.close()
  }
}

async function readEnded(
  codeDeploy: CodeDeployPort,
  deploymentId: string,
  rollbackOf: string | undefined,
  signal: AbortSignal | undefined,
): Promise<{ readonly facts: DeploymentFacts; readonly status: LedgerEntry['status'] }> {
  const facts = await codeDeploy.findDeployment(deploymentId, signal)
  if (!facts) throw errors.DEPLOYMENT_NOT_FOUND({ deploymentId })
  const status = outcomeOf(facts)
  if (!status) throw errors.DEPLOYMENT_NOT_ENDED({ deploymentId, status: facts.status, rollbackOf })
  return { facts, status }
}
