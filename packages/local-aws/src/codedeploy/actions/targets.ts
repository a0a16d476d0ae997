import type { JsonObject } from '@fairlead/core'
import { findDeployment, readPage, type Action, type ActionContext } from '../context.ts'
import * as faults from '../faults.ts'
import { checkParameters, readDeploymentId, readObject, readText, readTexts } from '../input.ts'
import { maximumBatchSize } from '../limits.ts'
import type { Deployment, Target } from '../model.ts'
import { isActive } from '../plan/deployment.ts'
import { wireTarget } from '../wire.ts'

const targetStatuses = ['Pending', 'InProgress', 'Succeeded', 'Failed', 'Skipped', 'Ready', 'Unknown']

export const listDeploymentTargets: Action = (input, context) => {
  checkParameters('ListDeploymentTargets', input, ['deploymentId', 'nextToken', 'targetFilters'])
  const { targets } = findStarted(input, context)
  const only = readStatusFilter(input)
  const ids = targets.filter(({ status }) => only.length === 0 || only.includes(status)).map(({ targetId }) => targetId)
  const { items, nextToken } = readPage(input, ids)
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

/** A deployment has no targets before it is in progress. */
function findStarted(input: JsonObject, context: ActionContext): Deployment {
  const deployment = findDeployment(context, readDeploymentId(input))
  if (isActive(deployment) && deployment.status !== 'InProgress') {
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

function readStatusFilter(input: JsonObject): readonly string[] {
  const filters = readObject(input, 'targetFilters') ?? {}
  for (const name of Object.keys(filters)) if (name !== 'TargetStatus') throw faults.invalidTargetFilterName(name)
  const only = readTexts(filters, 'TargetStatus') ?? []
  for (const status of only) if (!targetStatuses.includes(status)) throw faults.invalidTargetStatus(status)
  return only
}
