import { expect, test } from 'vitest'
import type { Deployment } from '../../../src/codedeploy/model.ts'
import { findLastSuccessful, planRollback } from '../../../src/codedeploy/plan/rollback.ts'

const onFailure = { enabled: true, events: ['DEPLOYMENT_FAILURE'] } as const

function deployment(fields: Partial<Deployment> = {}): Deployment {
  return {
    deploymentId: 'd-AAAAAAAAA',
    applicationName: 'shop',
    deploymentGroupId: 'group-1',
    deploymentGroupName: 'dev',
    deploymentConfigName: 'CodeDeployDefault.OneAtATime',
    minimumHealthyHosts: { type: 'MOST_CONCURRENCY', value: 1 },
    revision: { type: 'S3', bucket: 'artifacts', key: 'new.zip', bundleType: 'zip' },
    creator: 'user',
    ignoreApplicationStopFailures: false,
    fileExistsBehavior: 'OVERWRITE',
    autoRollback: onFailure,
    style: { type: 'IN_PLACE', option: 'WITHOUT_TRAFFIC_CONTROL' },
    updateOutdatedInstancesOnly: false,
    alarmsAreOverridden: false,
    terminationWaitStarted: false,
    status: 'Failed',
    createTime: 1,
    targets: [],
    ...fields,
  }
}

const good = deployment({
  deploymentId: 'd-GGGGGGGGG',
  status: 'Succeeded',
  revision: { type: 'S3', bucket: 'artifacts', key: 'good.zip', bundleType: 'zip', version: 'v1' },
})
const ids = { deploymentId: 'd-RRRRRRRRR', at: 5 }

const rows: readonly (readonly [string, Partial<Deployment>, Deployment | undefined, string])[] = [
  ['a failure with rollback on failure is rolled back', {}, good, 'deploy'],
  ['a failure with nothing to go back to says so', {}, undefined, 'explain'],
  [
    'a failure without rollback stays',
    { autoRollback: { enabled: false, events: ['DEPLOYMENT_FAILURE'] } },
    good,
    'nothing',
  ],
  [
    'a failure with rollback on request only stays',
    { autoRollback: { enabled: true, events: ['DEPLOYMENT_STOP_ON_REQUEST'] } },
    good,
    'nothing',
  ],
  ['a rollback that fails is not rolled back', { creator: 'codeDeployRollback' }, good, 'nothing'],
  ['a stop with rollback is rolled back', { status: 'Stopped', stop: { rollback: true } }, good, 'deploy'],
  ['a stop without rollback stays', { status: 'Stopped', stop: { rollback: false } }, good, 'nothing'],
  ['a success stays', { status: 'Succeeded' }, good, 'nothing'],
  [
    'a success that somebody asked too late to stop stays',
    { status: 'Succeeded', stop: { rollback: true } },
    good,
    'nothing',
  ],
]

test.each(rows)('%s', (_name, fields, last, expected) => {
  expect(planRollback(deployment(fields), last, ids).do).toBe(expected)
})

test('a rollback deploys the good revision by the rules of the deployment that failed', () => {
  const rollback = planRollback(deployment(), good, ids)
  expect(rollback).toMatchObject({
    do: 'deploy',
    deployment: {
      deploymentId: 'd-RRRRRRRRR',
      creator: 'codeDeployRollback',
      status: 'Created',
      createTime: 5,
      revision: good.revision,
      fileExistsBehavior: 'OVERWRITE',
      autoRollback: { enabled: false },
      rollback: { triggeredBy: 'd-AAAAAAAAA' },
    },
  })
  expect(rollback).not.toHaveProperty('deployment.rollback.deploymentId')
  expect(rollback).toHaveProperty('message', 'Deployment d-RRRRRRRRR is triggered to roll back deployment d-AAAAAAAAA.')
})

test('the last successful deployment is the newest of its own group', () => {
  const older = deployment({ ...good, deploymentId: 'd-OOOOOOOOO' })
  const other = deployment({ ...good, deploymentId: 'd-XXXXXXXXX', deploymentGroupId: 'group-2' })
  expect(findLastSuccessful([older, good, other, deployment()], 'group-1')).toBe(good)
  expect(findLastSuccessful([deployment(), other], 'group-1')).toBeUndefined()
})
