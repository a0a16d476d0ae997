import { defineErrors, describeError, formatTarget, type Target } from '@fairlead/core'
import type { DeploymentFailure, DeploymentReport, DeploymentStatus, InstanceReport, RollbackReport } from './model.ts'
import { formatDuration, formatReason } from './plan/progress.ts'

const exampleTarget: Target = { application: 'shop', deploymentGroup: 'production' }
const exampleFailure: DeploymentFailure = {
  instance: 'i-0a1b2c3d4e5f60718',
  event: 'ValidateService',
  errorCode: 'ScriptFailed',
  scriptName: 'hooks/validate.mjs',
  message: 'Script at specified location: hooks/validate.mjs failed with exit code 1',
  logTail: 'LifecycleEvent - ValidateService\nScript - hooks/validate.mjs\n[stderr]the home page answers 500\n',
}
const exampleReport: DeploymentReport = {
  deploymentId: 'd-A1B2C3D4E',
  target: exampleTarget,
  status: 'failed',
  reason: { code: 'HEALTH_CONSTRAINTS', message: 'too many individual instances failed deployment' },
  failure: exampleFailure,
  instances: [{ id: exampleFailure.instance, status: 'failed', events: [] }],
  startedAt: '2026-01-02T03:04:05.000Z',
  endedAt: '2026-01-02T03:06:05.000Z',
  durationMs: 120_000,
  rollback: { deploymentId: 'd-F5G6H7I8J', status: 'succeeded', instances: [] },
}

/** What can fail while a deployment is started, watched and stopped, and while a hook looks around. */
export const codeDeployErrors = defineErrors('codedeploy-client', {
  DEPLOYMENT_NEEDS_S3: describeError<{ kind: string; commit: string }>({
    message: ({ kind, commit }) =>
      `cannot deploy ${commit}: its publication lies in a ${kind}, and CodeDeploy reads revisions from S3 alone`,
    hint: 'Publish the artifact to an s3Store, and deploy that publication.',
    example: { kind: 'folder', commit: '4f3c2b1a4f3c2b1a4f3c2b1a4f3c2b1a4f3c2b1a' },
  }),
  TARGET_REGION_MISMATCH: describeError<{ target: Target; clientRegion: string }>({
    message: ({ target, clientRegion }) =>
      `the client is one of ${clientRegion}, and the target is ${formatTarget(target)}`,
    hint: 'Give a client of the region of the target, or none: then one is created for it.',
    example: { target: { ...exampleTarget, region: 'eu-central-1' }, clientRegion: 'us-east-1' },
  }),
  APPLICATION_NOT_FOUND: describeError<{ application: string; action: string }>({
    message: ({ application, action }) =>
      `there is no CodeDeploy application ${JSON.stringify(application)} in this account and region (${action})`,
    hint: 'Check the name, AWS_REGION and the account of the credentials.',
    example: { application: 'shpo', action: 'codedeploy:ListDeployments' },
  }),
  DEPLOYMENT_GROUP_NOT_FOUND: describeError<{ application: string; deploymentGroup: string; action: string }>({
    message: ({ application, deploymentGroup, action }) =>
      `the CodeDeploy application ${JSON.stringify(application)} has no deployment group ${JSON.stringify(deploymentGroup)} in this account and region (${action})`,
    hint: 'Check the name, AWS_REGION and the account of the credentials.',
    example: { application: 'shop', deploymentGroup: 'prod', action: 'codedeploy:ListDeployments' },
  }),
  DEPLOYMENT_CONFIG_NOT_FOUND: describeError<{ deploymentConfig: string }>({
    message: ({ deploymentConfig }) => `there is no deployment configuration ${JSON.stringify(deploymentConfig)}`,
    hint: 'Name one of this account and region, or one of those that begin with "CodeDeployDefault.".',
    example: { deploymentConfig: 'CodeDeployDefault.OneAtOnce' },
  }),
  DEPLOYMENT_GROUP_BUSY: describeError<{
    target: Target
    activeDeploymentIds: readonly string[]
    waitedMs?: number | undefined
  }>({
    message: ({ target, activeDeploymentIds, waitedMs }) =>
      `${formatTarget(target)} is busy with ${activeDeploymentIds.join(', ') || 'another deployment'}` +
      (waitedMs === undefined ? '' : `, after a wait of ${formatDuration(waitedMs)}`) +
      '; a deployment group runs one deployment at a time',
    hint: ({ waitedMs }) =>
      waitedMs === undefined
        ? 'Wait for its end with whenBusy: "wait", or stop it.'
        : 'Give a longer waitTimeoutMs, or stop what runs.',
    retryable: true,
    example: { target: exampleTarget, activeDeploymentIds: ['d-A1B2C3D4E'] },
  }),
  RUN_TOKEN_TAKEN: describeError<{
    runToken: string
    deploymentId: string
    target: Target
    startedRevision: string
    givenRevision: string
  }>({
    message: ({ runToken, deploymentId, startedRevision, givenRevision, target }) =>
      `the run token ${JSON.stringify(runToken)} began ${deploymentId} on ${formatTarget(target)} with ${startedRevision}, and now comes with ${givenRevision}`,
    hint: 'Take another token for another revision; leave runToken out for a random one.',
    example: {
      runToken: 'build-42',
      deploymentId: 'd-A1B2C3D4E',
      target: exampleTarget,
      startedRevision: 's3://artifacts/shop/artifacts/aa….zip',
      givenRevision: 's3://artifacts/shop/artifacts/bb….zip',
    },
  }),
  REVISION_REFUSED: describeError<{ revision: string; name: string; detail?: string | undefined }>({
    message: ({ revision, name, detail }) =>
      `CodeDeploy refused the revision ${revision} (${name})${detail ? `: ${detail}` : ''}`,
    hint: 'Check that the object is still in the bucket, in that version, and that the bucket is in the region of the target.',
    example: { revision: 's3://artifacts/shop/artifacts/aa….zip', name: 'RevisionDoesNotExistException' },
  }),
  SERVICE_ROLE_REFUSED: describeError<{ target: Target; detail?: string | undefined }>({
    message: ({ target, detail }) =>
      `CodeDeploy cannot use the service role of ${formatTarget(target)}${detail ? `: ${detail}` : ''}`,
    hint: 'Correct the role of the deployment group: codedeploy.amazonaws.com must be allowed to assume it.',
    example: {
      target: exampleTarget,
      detail: 'AWS CodeDeploy does not have the permissions required to assume the role',
    },
  }),
  DEPLOYMENT_UNCONFIRMED: describeError<{ target: Target; runToken: string; reason: string }>({
    message: ({ target, runToken, reason }) =>
      `CreateDeployment for ${formatTarget(target)} got no answer (${reason}), and whether it took effect could not be found out; its run token is ${JSON.stringify(runToken)}`,
    hint: ({ runToken }) =>
      `Call again with runToken: ${JSON.stringify(runToken)}: that finds the deployment if there is one, and creates it otherwise.`,
    retryable: true,
    example: { target: exampleTarget, runToken: 'build-42', reason: 'TimeoutError' },
  }),
  DEPLOYMENT_NOT_FOUND: describeError<{ deploymentId: string; action: string }>({
    message: ({ deploymentId, action }) =>
      `there is no deployment ${JSON.stringify(deploymentId)} in this account and region (${action})`,
    hint: 'Check the id, AWS_REGION and the account of the credentials.',
    example: { deploymentId: 'd-A1B2C3D4E', action: 'codedeploy:GetDeployment' },
  }),
  DEPLOYMENT_FAILED: describeError<DeploymentReport>({
    message: (report) => explainEnd(report, 'failed'),
    hint: hintFor,
    example: exampleReport,
  }),
  DEPLOYMENT_STOPPED: describeError<DeploymentReport>({
    message: (report) => explainEnd(report, 'was stopped'),
    hint: ({ reason }) =>
      reason?.code === 'ALARM_ACTIVE'
        ? 'Look at the alarm of the deployment group; deploy again when it is quiet.'
        : 'Somebody or something asked for the stop; deploy again when that is settled.',
    example: {
      ...exampleReport,
      status: 'stopped',
      reason: { code: 'MANUAL_STOP' },
      failure: undefined,
      instances: [],
    },
  }),
  DEPLOYMENT_TIMED_OUT: describeError<{
    deploymentId: string
    timeoutMs: number
    status: DeploymentStatus
    instances: readonly InstanceReport[]
  }>({
    message: ({ deploymentId, timeoutMs, status, instances }) =>
      `${deploymentId} is still ${status} after ${formatDuration(timeoutMs)}${unfinished(instances)}; it goes on without being watched`,
    hint: 'Watch it again, stop it with stopDeployment, or give a longer timeoutMs.',
    retryable: true,
    example: { deploymentId: 'd-A1B2C3D4E', timeoutMs: 60_000, status: 'in-progress', instances: [] },
  }),
  DEPLOYMENT_OUT_OF_SIGHT: describeError<{
    deploymentId: string
    silenceMs: number
    lastStatus?: DeploymentStatus | undefined
    code: string
    reason: string
  }>({
    message: ({ deploymentId, silenceMs, lastStatus, reason }) =>
      `CodeDeploy has not answered about ${deploymentId} for ${formatDuration(silenceMs)} (${reason}); ` +
      (lastStatus ? `it was ${lastStatus} when it was last seen` : 'it was never seen'),
    hint: 'The deployment may well go on. Watch it again when CodeDeploy can be reached.',
    retryable: true,
    example: {
      deploymentId: 'd-A1B2C3D4E',
      silenceMs: 600_000,
      lastStatus: 'in-progress',
      code: 'AWS_UNREACHABLE',
      reason: 'codedeploy:GetDeployment got no answer from 127.0.0.1:1 (ECONNREFUSED)',
    },
  }),
  DEPLOYMENT_NOT_READY: describeError<{ deploymentId: string; detail?: string | undefined }>({
    message: ({ deploymentId, detail }) =>
      `${deploymentId} does not wait for anybody to continue it${detail ? `: ${detail}` : ''}`,
    hint: 'Only a blue/green deployment whose status is ready can be continued.',
    example: { deploymentId: 'd-A1B2C3D4E', detail: 'Deployment is not in Ready state' },
  }),
  HOOK_ENVIRONMENT_MISSING: describeError<{ variables: readonly string[] }>({
    message: ({ variables }) =>
      `this process was not started by the CodeDeploy agent: ${variables.join(', ')} ${variables.length === 1 ? 'is' : 'are'} not set, expected in a lifecycle hook`,
    hint: 'Run it as a hook of appspec.yml, or set the variables (sudo drops them: use runas in appspec.yml).',
    example: { variables: ['LIFECYCLE_EVENT', 'DEPLOYMENT_ID'] },
  }),
  HOOK_ARCHIVE_NOT_FOUND: describeError<{ from: string; manifest: string }>({
    message: ({ from, manifest }) =>
      `cannot tell which artifact ${from} belongs to: no folder above it holds ${manifest}`,
    hint: 'Give import.meta.url of a script that lies in an artifact of buildArtifact.',
    example: { from: '/tmp/after-install.mjs', manifest: '.fairlead/manifest.json' },
  }),
})

/** The headline, then the cause with the script's own words, then what became of the rollback. */
function explainEnd(report: DeploymentReport, ended: string): string {
  const { deploymentId, target, reason, failure, instances, rollback, rollbackMessage } = report
  return [
    `${deploymentId} on ${formatTarget(target)} ${ended}${reason ? `: ${formatReason(reason)}` : ''}`,
    ...explainFailure(failure, instances),
    ...(rollback ? explainRollback(rollback) : [rollbackMessage ? `no rollback: ${rollbackMessage}` : 'no rollback']),
  ].join('\n')
}

function explainFailure(failure: DeploymentFailure | undefined, instances: readonly InstanceReport[]): string[] {
  if (failure === undefined) return []
  const { instance, event, errorCode, scriptName, message, logTail } = failure
  const others = instances.filter(({ id, status }) => status === 'failed' && id !== instance).map(({ id }) => id)
  return [
    `${instance} failed in ${event} (${[errorCode, scriptName].filter(Boolean).join(' ')})${message ? `: ${message}` : ''}`,
    ...(logTail ?? '')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => `  | ${line}`),
    ...(others.length > 0 ? [`also failed: ${others.join(', ')}`] : []),
  ]
}

function explainRollback(rollback: RollbackReport): string[] {
  const { deploymentId, status, reason, failure, instances, unobserved } = rollback
  if (status === 'succeeded') return [`rolled back: ${deploymentId} put the previous revision back`]
  if (status === 'unknown')
    return [`rolling back: ${deploymentId} could not be followed to its end: ${unobserved ?? ''}`]
  return [
    `THE ROLLBACK ${status === 'failed' ? 'FAILED' : 'WAS STOPPED'} TOO: ${deploymentId}${reason ? `: ${formatReason(reason)}` : ''}`,
    ...explainFailure(failure, instances),
  ]
}

function hintFor({ failure, rollback, reason }: DeploymentReport): string {
  if (rollback && rollback.status !== 'succeeded') {
    return `Look at the instances now: ${rollback.deploymentId} did not bring all of them back to the previous revision.`
  }
  if (failure === undefined) {
    return `Look up ${reason?.code ?? 'the deployment'} in the error codes of the CodeDeploy user guide; no lifecycle event failed.`
  }
  // aws/aws-codedeploy-agent #307: an agent that does not run looks like a first event that failed.
  if (failure.errorCode === 'UnknownError' && failure.scriptName === undefined) {
    return `No script ran in ${failure.event}: look whether the CodeDeploy agent runs on ${failure.instance} and reaches the service, then at its log.`
  }
  // aws/aws-codedeploy-agent #348, #80.
  if (failure.event === 'ApplicationStop') {
    return 'ApplicationStop runs the script of the revision that was there before: a fix in the new one does not reach it. Deploy once with ignoreApplicationStopFailures.'
  }
  return `Correct ${failure.scriptName ?? failure.event}; more of its output is in the log of the agent on ${failure.instance}.`
}

function unfinished(instances: readonly InstanceReport[]): string {
  const waiting = instances.flatMap(({ id, status, events }) =>
    status === 'in-progress'
      ? [`${id} in ${events.find((event) => event.status === 'in-progress')?.event ?? status}`]
      : [],
  )
  return waiting.length > 0 ? ` (${waiting.join(', ')})` : ''
}
