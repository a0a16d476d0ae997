/** Tags of resources, and what belongs to other services: connections to GitHub, hooks of Lambda, external ids. */
import { groupArn, applicationArn, tagResource as addTags, untagResource as removeTags } from '../arns.ts'
import {
  findConfig,
  findDeployment,
  findGroup,
  findApplication,
  readPage,
  type Action,
  type ActionContext,
} from '../context.ts'
import * as faults from '../faults.ts'
import { checkParameters, readDeploymentId, readText, readTexts } from '../input.ts'
import { readTags } from '../tag-input.ts'
import type { JsonObject } from '@fairlead/core'

export const tagResource: Action = (input, context) => {
  checkParameters('TagResource', input, ['ResourceArn', 'Tags'])
  const arn = findResource(input, context)
  const tags = readTags({ tags: input['Tags'] ?? null }, faults.invalidTagsToAdd)
  if (!tags || Object.keys(tags).length === 0) throw faults.tagRequired()
  context.change((state) => addTags(state, arn, tags))
  return {}
}

export const untagResource: Action = (input, context) => {
  checkParameters('UntagResource', input, ['ResourceArn', 'TagKeys'])
  const arn = findResource(input, context)
  const keys = readTexts(input, 'TagKeys')
  if (!keys || keys.length === 0) throw faults.tagRequired()
  context.change((state) => removeTags(state, arn, keys))
  return {}
}

export const listTagsForResource: Action = (input, context) => {
  checkParameters('ListTagsForResource', input, ['ResourceArn', 'NextToken'])
  const tags = context.state().tags[findResource(input, context)] ?? {}
  const { items, nextToken } = readPage({ nextToken: input['NextToken'] ?? null }, Object.keys(tags))
  return { Tags: items.map((Key) => ({ Key, Value: tags[Key] })), NextToken: nextToken }
}

/** The ARN of an application, a group or a configuration that exists here. */
function findResource(input: JsonObject, context: ActionContext): string {
  const given = readText(input, 'ResourceArn')
  if (!given) throw faults.resourceArnRequired()
  const parts = /^arn:aws[\w-]*:([\w-]+):([\w-]*):(\d{12}):([^:]+):(.+)$/.exec(given)
  if (!parts) throw faults.invalidArn(given)
  const [, service, region, account, kind = '', name = ''] = parts
  const { place } = context
  if (service !== 'codedeploy' || region !== place.region || account !== place.account) throw faults.invalidArn(given)
  switch (kind) {
    case 'application':
      return applicationArn(place, findApplication(context, name).name)
    case 'deploymentgroup': {
      const [applicationName = '', ...group] = name.split('/')
      return groupArn(place, findGroup(context, applicationName, group.join('/')))
    }
    case 'deploymentconfig':
      findConfig(context, name)
      return given
    default:
      throw faults.arnNotSupported(given)
  }
}

/** There is no GitHub here, and no connection to it. */
export const listGitHubAccountTokenNames: Action = (input) => {
  checkParameters('ListGitHubAccountTokenNames', input, ['nextToken'])
  const { items } = readPage(input, [])
  return { tokenNameList: [...items] }
}

export const deleteGitHubAccountToken: Action = (input) => {
  checkParameters('DeleteGitHubAccountToken', input, ['tokenName'])
  const name = readText(input, 'tokenName')
  if (!name) throw faults.gitHubAccountTokenNameRequired()
  throw faults.gitHubAccountTokenDoesNotExist(name)
}

/** CloudFormation alone gives resources an external id: there is nothing to delete. */
export const deleteResourcesByExternalId: Action = (input) => {
  checkParameters('DeleteResourcesByExternalId', input, ['externalId'])
  return {}
}

/** For hooks that are Lambda functions; those of Server are scripts, of which the agent reports. */
export const putLifecycleEventHookExecutionStatus: Action = (input, context) => {
  const action = 'PutLifecycleEventHookExecutionStatus'
  checkParameters(action, input, ['deploymentId', 'lifecycleEventHookExecutionId', 'status'])
  const { deploymentId } = findDeployment(context, readDeploymentId(input))
  if (!readText(input, 'lifecycleEventHookExecutionId')) throw faults.invalidLifecycleEventHookExecutionId()
  throw faults.unsupportedActionForDeploymentType(action, deploymentId)
}
