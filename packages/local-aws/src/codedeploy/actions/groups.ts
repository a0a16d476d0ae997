import type { JsonObject } from '@fairlead/core'
import { forgetTags, groupArn, moveTags, readResourceTags, tagResource } from '../arns.ts'
import { findApplication, findConfig, findGroup, readPage, type Action, type ActionContext } from '../context.ts'
import * as faults from '../faults.ts'
import {
  checkParameters,
  isEmpty,
  isName,
  readApplicationName,
  readAutoRollback,
  readDeploymentGroupName,
  readText,
  readTexts,
} from '../input.ts'
import { maximumGroups, maximumNamesInBatch } from '../limits.ts'
import type { DeploymentGroup, HostSelection } from '../model.ts'
import { findLastSuccessful } from '../plan/rollback.ts'
import { noHosts } from '../plan/select-hosts.ts'
import {
  checkRouting,
  defaultStyle,
  readAlarms,
  readBlueGreen,
  readLoadBalancers,
  readStyle,
} from '../routing-input.ts'
import { readTagFilters } from '../tag-input.ts'
import { wireGroup } from '../wire.ts'

export const defaultConfigName = 'CodeDeployDefault.OneAtATime'

const known = [
  'applicationName',
  'deploymentConfigName',
  'ec2TagFilters',
  'onPremisesInstanceTagFilters',
  'ec2TagSet',
  'onPremisesTagSet',
  'serviceRoleArn',
  'autoRollbackConfiguration',
  'outdatedInstancesStrategy',
  'deploymentStyle',
  'loadBalancerInfo',
  'blueGreenDeploymentConfiguration',
  'alarmConfiguration',
]

const harmless = {
  autoScalingGroups: isEmpty,
  triggerConfigurations: isEmpty,
  ecsServices: isEmpty,
  terminationHookEnabled: (value: unknown) => value === false,
}

export const createDeploymentGroup: Action = (input, context) => {
  checkParameters('CreateDeploymentGroup', input, [...known, 'deploymentGroupName', 'tags'], harmless)
  const applicationName = readApplicationName(input)
  const name = readDeploymentGroupName(input)
  const serviceRoleArn = readText(input, 'serviceRoleArn')
  if (!serviceRoleArn) throw faults.roleRequired()
  checkRole(serviceRoleArn)
  findApplication(context, applicationName)
  if (context.state().groups.some((group) => group.applicationName === applicationName && group.name === name)) {
    throw faults.deploymentGroupAlreadyExists(name)
  }
  if (context.state().groups.filter((group) => group.applicationName === applicationName).length >= maximumGroups) {
    throw faults.deploymentGroupLimitExceeded(applicationName)
  }
  const tags = readResourceTags(input)
  const group: DeploymentGroup = {
    id: context.newId(),
    applicationName,
    name,
    deploymentConfigName: findConfig(context, readText(input, 'deploymentConfigName') || defaultConfigName).name,
    serviceRoleArn,
    selection: readSelection(input, noHosts),
    autoRollback: readAutoRollback(input) ?? { enabled: false, events: [] },
    outdatedInstancesStrategy: readStrategy(input) ?? 'UPDATE',
    ...checkRouting({
      style: readStyle(input) ?? defaultStyle,
      loadBalancers: readLoadBalancers(input),
      blueGreen: readBlueGreen(input),
      alarms: readAlarms(input, 'alarmConfiguration'),
    }),
  }
  context.change((state) => ({
    ...tagResource(state, groupArn(context.place, group), tags),
    groups: [...state.groups, group],
  }))
  return { deploymentGroupId: group.id }
}

export const getDeploymentGroup: Action = (input, context) => {
  checkParameters('GetDeploymentGroup', input, ['applicationName', 'deploymentGroupName'])
  const group = findGroup(context, readApplicationName(input), readDeploymentGroupName(input))
  return { deploymentGroupInfo: describeGroup(group, context) }
}

function describeGroup(group: DeploymentGroup, { state }: ActionContext): JsonObject {
  const { deployments } = state()
  const successful = findLastSuccessful(deployments, group.id)
  const attempted = deployments.findLast(({ deploymentGroupId }) => deploymentGroupId === group.id)
  return wireGroup(group, { successful, attempted })
}

export const listDeploymentGroups: Action = (input, context) => {
  checkParameters('ListDeploymentGroups', input, ['applicationName', 'nextToken'])
  const { name: applicationName } = findApplication(context, readApplicationName(input))
  const groups = context.state().groups.filter((group) => group.applicationName === applicationName)
  const { items, nextToken } = readPage(
    input,
    groups.map(({ name }) => name),
  )
  return { applicationName, deploymentGroups: [...items], nextToken }
}

/** What is not given stays as it is. A deployment that runs keeps the hosts and rules that it began with. */
export const updateDeploymentGroup: Action = (input, context) => {
  const own = ['currentDeploymentGroupName', 'newDeploymentGroupName']
  checkParameters('UpdateDeploymentGroup', input, [...known, ...own], harmless)
  const applicationName = readApplicationName(input)
  const group = findGroup(context, applicationName, readDeploymentGroupName(input, 'currentDeploymentGroupName'))
  const name = readText(input, 'newDeploymentGroupName') ?? group.name
  if (!isName(name)) throw faults.invalidDeploymentGroupName(name)
  const { groups } = context.state()
  if (
    groups.some((other) => other.id !== group.id && other.applicationName === applicationName && other.name === name)
  ) {
    throw faults.deploymentGroupAlreadyExists(name)
  }
  const serviceRoleArn = readText(input, 'serviceRoleArn') ?? group.serviceRoleArn
  checkRole(serviceRoleArn)
  const updated: DeploymentGroup = {
    ...group,
    name,
    deploymentConfigName: findConfig(context, readText(input, 'deploymentConfigName') ?? group.deploymentConfigName)
      .name,
    serviceRoleArn,
    selection: readSelection(input, group.selection),
    autoRollback: readAutoRollback(input) ?? group.autoRollback,
    outdatedInstancesStrategy: readStrategy(input) ?? group.outdatedInstancesStrategy,
    ...checkRouting({
      style: readStyle(input) ?? group.style,
      loadBalancers: readLoadBalancers(input) ?? group.loadBalancers,
      blueGreen: readBlueGreen(input) ?? group.blueGreen,
      alarms: readAlarms(input, 'alarmConfiguration') ?? group.alarms,
    }),
  }
  context.change((state) => ({
    ...moveTags(state, groupArn(context.place, group), groupArn(context.place, updated)),
    groups: state.groups.map((other) => (other.id === group.id ? updated : other)),
  }))
  return { hooksNotCleanedUp: [] }
}

/** As in AWS, deleting what does not exist is no error. A deployment that runs goes on to its end. */
export const deleteDeploymentGroup: Action = (input, { change, place }) => {
  checkParameters('DeleteDeploymentGroup', input, ['applicationName', 'deploymentGroupName'])
  const applicationName = readApplicationName(input)
  const name = readDeploymentGroupName(input)
  change((state) => ({
    ...forgetTags(state, groupArn(place, { applicationName, name })),
    groups: state.groups.filter((group) => group.applicationName !== applicationName || group.name !== name),
  }))
  return { hooksNotCleanedUp: [] }
}

export const batchGetDeploymentGroups: Action = (input, context) => {
  checkParameters('BatchGetDeploymentGroups', input, ['applicationName', 'deploymentGroupNames'])
  const { name: applicationName } = findApplication(context, readApplicationName(input))
  const names = readTexts(input, 'deploymentGroupNames')
  if (!names || names.length === 0) throw faults.deploymentGroupNameRequired()
  if (names.length > maximumNamesInBatch) throw faults.batchLimitExceeded(names.length, maximumNamesInBatch)
  const { groups } = context.state()
  const known = names.map((name) =>
    groups.find((group) => group.applicationName === applicationName && group.name === name),
  )
  const missing = names.filter((_, index) => known[index] === undefined)
  return {
    deploymentGroupsInfo: known.flatMap((group) => (group ? [describeGroup(group, context)] : [])),
    errorMessage: missing.length > 0 ? `No Deployment Group found for name: ${missing.join(', ')}` : undefined,
  }
}

/** Filters replace a tag set of the same kind, and a tag set replaces filters. */
function readSelection(input: JsonObject, current: HostSelection): HostSelection {
  const ec2 = readTagFilters(input, 'EC2', 'ec2TagFilters', 'ec2TagSet', 'ec2TagSetList')
  const onPremises = readTagFilters(
    input,
    'on-premises',
    'onPremisesInstanceTagFilters',
    'onPremisesTagSet',
    'onPremisesTagSetList',
  )
  return {
    ec2TagFilters: ec2?.filters ?? current.ec2TagFilters,
    ec2TagSet: ec2?.set ?? current.ec2TagSet,
    onPremisesInstanceTagFilters: onPremises?.filters ?? current.onPremisesInstanceTagFilters,
    onPremisesTagSet: onPremises?.set ?? current.onPremisesTagSet,
  }
}

function readStrategy(input: JsonObject): 'UPDATE' | 'IGNORE' | undefined {
  const strategy = readText(input, 'outdatedInstancesStrategy')
  if (strategy === undefined || strategy === 'UPDATE' || strategy === 'IGNORE') return strategy
  throw faults.invalidInput(`outdatedInstancesStrategy is ${strategy}; expected UPDATE or IGNORE.`)
}

function checkRole(arn: string): void {
  if (!/^arn:aws[\w-]*:iam::\d{12}:role\/.+$/.test(arn)) throw faults.invalidRole(arn)
}
