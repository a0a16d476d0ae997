import type { JsonObject } from '@fairlead/core'
import { findDeployment, readPage, type Action, type ActionContext } from '../context.ts'
import * as faults from '../faults.ts'
import { checkParameters, readDeploymentId, readObject, readText, readTexts } from '../input.ts'
import { maximumBatchSize } from '../limits.ts'
import type { Deployment, Target } from '../model.ts'
import { isActive } from '../plan/deployment.ts'
import { wireInstanceSummary, wireTarget } from '../wire.ts'

const targetStatuses = ['Pending', 'InProgress', 'Succeeded', 'Failed', 'Skipped', 'Ready', 'Unknown']

export const listDeploymentTargets: Action = (input, context) => {
  checkParameters('ListDeploymentTargets', input, ['deploymentId', 'nextToken', 'targetFilters'])
  const { targets } = findStarted(input, context)
  const { items, nextToken } = readPage(input, filterTargets(targets, readTargetFilters(input)))
  return { targetIds: [...items], nextToken }
}

export const getDeploymentTarget: Action = (input, context) => {
  checkParameters('GetDeploymentTarget', input, ['deploymentId', 'targetId'])
  const deployment = findStarted(input, context)
  const target = findTarget(deployment, readText(input, 'targetId'))
  return { deploymentTarget: wireTarget(deployment.deploymentId, target, context.place) }
}

export const batchGetDeploymentTargets: Action = (input, context) => {
  checkParameters('BatchGetDeploymentTargets', input, ['deploymentId', 'targetIds'])
  const deployment = findStarted(input, context)
  const ids = readTexts(input, 'targetIds')
  if (!ids || ids.length === 0) throw faults.deploymentTargetIdRequired()
  if (ids.length > maximumBatchSize) throw faults.deploymentTargetListSizeExceeded(ids.length)
  const targets = ids.map((id) => findTarget(deployment, id))
  return { deploymentTargets: targets.map((target) => wireTarget(deployment.deploymentId, target, context.place)) }
}

/** The three below are what targets were called before; older scripts ask for them. */
export const listDeploymentInstances: Action = (input, context) => {
  checkParameters('ListDeploymentInstances', input, [
    'deploymentId',
    'nextToken',
    'instanceStatusFilter',
    'instanceTypeFilter',
  ])
  const { targets } = findStarted(input, context)
  const filters = {
    statuses: checkStatuses(readTexts(input, 'instanceStatusFilter') ?? []),
    labels: checkLabels(readTexts(input, 'instanceTypeFilter') ?? []),
  }
  const { items, nextToken } = readPage(input, filterTargets(targets, filters))
  return { instancesList: [...items], nextToken }
}

export const getDeploymentInstance: Action = (input, context) => {
  checkParameters('GetDeploymentInstance', input, ['deploymentId', 'instanceId'])
  const deployment = findStarted(input, context)
  const target = findInstance(deployment, readText(input, 'instanceId'))
  return { instanceSummary: wireInstanceSummary(deployment.deploymentId, target, context.place) }
}

export const batchGetDeploymentInstances: Action = (input, context) => {
  checkParameters('BatchGetDeploymentInstances', input, ['deploymentId', 'instanceIds'])
  const deployment = findStarted(input, context)
  const ids = readTexts(input, 'instanceIds')
  if (!ids || ids.length === 0) throw faults.instanceIdRequired()
  if (ids.length > maximumBatchSize) throw faults.batchLimitExceeded(ids.length)
  const { deploymentId, targets } = deployment
  const found = ids.flatMap((id) => targets.filter(({ targetId }) => targetId === nameOfInstance(id)))
  return { instancesSummary: found.map((target) => wireInstanceSummary(deploymentId, target, context.place)) }
}

/** A deployment has no targets before it is in progress. */
function findStarted(input: JsonObject, context: ActionContext): Deployment {
  const deployment = findDeployment(context, readDeploymentId(input))
  if (isActive(deployment) && deployment.startTime === undefined) {
    throw faults.deploymentNotStarted(deployment.deploymentId)
  }
  return deployment
}

function findTarget({ deploymentId, targets }: Deployment, id: string | undefined): Target {
  if (!id) throw faults.deploymentTargetIdRequired()
  const target = targets.find(({ targetId }) => targetId === id)
  if (!target) throw faults.deploymentTargetDoesNotExist(id, deploymentId)
  return target
}

function findInstance({ deploymentId, targets }: Deployment, id: string | undefined): Target {
  if (!id) throw faults.instanceIdRequired()
  const target = targets.find(({ targetId }) => targetId === nameOfInstance(id))
  if (!target) throw faults.instanceDoesNotExist(id, deploymentId)
  return target
}

/** An instance may be named by its ARN, as the answers do. */
function nameOfInstance(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1)
}

interface TargetFilters {
  readonly statuses: readonly string[]
  readonly labels: readonly string[]
}

function filterTargets(targets: readonly Target[], { statuses, labels }: TargetFilters): readonly string[] {
  return targets
    .filter(({ status }) => statuses.length === 0 || statuses.includes(status))
    .filter(({ label }) => labels.length === 0 || (label !== undefined && labels.includes(label)))
    .map(({ targetId }) => targetId)
}

function readTargetFilters(input: JsonObject): TargetFilters {
  const filters = readObject(input, 'targetFilters') ?? {}
  for (const name of Object.keys(filters)) {
    if (name !== 'TargetStatus' && name !== 'ServerInstanceLabel') throw faults.invalidTargetFilterName(name)
  }
  return {
    statuses: checkStatuses(readTexts(filters, 'TargetStatus') ?? []),
    labels: checkLabels(readTexts(filters, 'ServerInstanceLabel') ?? []),
  }
}

function checkStatuses(statuses: readonly string[]): readonly string[] {
  for (const status of statuses) if (!targetStatuses.includes(status)) throw faults.invalidTargetStatus(status)
  return statuses
}

function checkLabels(labels: readonly string[]): readonly string[] {
  for (const label of labels) if (label !== 'Blue' && label !== 'Green') throw faults.invalidInstanceType(label)
  return labels
}
