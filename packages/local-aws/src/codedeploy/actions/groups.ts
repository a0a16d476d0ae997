import type { JsonObject } from '@fairlead/core'
import { findApplication, findConfig, findGroup, readPage, type Action } from '../context.ts'
import * as faults from '../faults.ts'
import {
  checkParameters,
  isEmpty,
  isName,
  isObject,
  readApplicationName,
  readAutoRollback,
  readDeploymentGroupName,
  readList,
  readObject,
  readObjects,
  readText,
} from '../input.ts'
import type { DeploymentGroup, HostSelection, TagFilter } from '../model.ts'
import { findLastSuccessful } from '../plan/rollback.ts'
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
]

const harmless = {
  autoScalingGroups: isEmpty,
  triggerConfigurations: isEmpty,
  alarmConfiguration: isSwitchedOff,
  loadBalancerInfo: isEmpty,
  blueGreenDeploymentConfiguration: isEmpty,
  ecsServices: isEmpty,
  tags: isEmpty,
  terminationHookEnabled: (value: unknown) => value === false,
}

export const createDeploymentGroup: Action = (input, context) => {
  checkParameters('CreateDeploymentGroup', input, [...known, 'deploymentGroupName'], harmless)
  const applicationName = readApplicationName(input)
  const name = readDeploymentGroupName(input)
  const serviceRoleArn = readText(input, 'serviceRoleArn')
  if (!serviceRoleArn) throw faults.roleRequired()
  findApplication(context, applicationName)
  if (context.state().groups.some((group) => group.applicationName === applicationName && group.name === name)) {
    throw faults.deploymentGroupAlreadyExists(name)
  }
  checkStyle(input)
  const group: DeploymentGroup = {
    id: context.newId(),
    applicationName,
    name,
    deploymentConfigName: findConfig(context, readText(input, 'deploymentConfigName') || defaultConfigName).name,
    serviceRoleArn,
    selection: readSelection(input, noHosts),
    autoRollback: readAutoRollback(input) ?? { enabled: false, events: [] },
    outdatedInstancesStrategy: readStrategy(input) ?? 'UPDATE',
  }
  context.change((state) => ({ ...state, groups: [...state.groups, group] }))
  return { deploymentGroupId: group.id }
}

export const getDeploymentGroup: Action = (input, context) => {
  checkParameters('GetDeploymentGroup', input, ['applicationName', 'deploymentGroupName'])
  const group = findGroup(context, readApplicationName(input), readDeploymentGroupName(input))
  const { deployments } = context.state()
  const successful = findLastSuccessful(deployments, group.id)
  const attempted = deployments.findLast(({ deploymentGroupId }) => deploymentGroupId === group.id)
  return { deploymentGroupInfo: wireGroup(group, { successful, attempted }) }
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
  checkStyle(input)
  const updated: DeploymentGroup = {
    ...group,
    name,
    deploymentConfigName: findConfig(context, readText(input, 'deploymentConfigName') ?? group.deploymentConfigName)
      .name,
    serviceRoleArn: readText(input, 'serviceRoleArn') ?? group.serviceRoleArn,
    selection: readSelection(input, group.selection),
    autoRollback: readAutoRollback(input) ?? group.autoRollback,
    outdatedInstancesStrategy: readStrategy(input) ?? group.outdatedInstancesStrategy,
  }
  context.change((state) => ({
    ...state,
    groups: state.groups.map((other) => (other.id === group.id ? updated : other)),
  }))
  return { hooksNotCleanedUp: [] }
}

/** As in AWS, deleting what does not exist is no error. A deployment that runs goes on to its end. */
export const deleteDeploymentGroup: Action = (input, { change }) => {
  checkParameters('DeleteDeploymentGroup', input, ['applicationName', 'deploymentGroupName'])
  const applicationName = readApplicationName(input)
  const name = readDeploymentGroupName(input)
  change((state) => ({
    ...state,
    groups: state.groups.filter((group) => group.applicationName !== applicationName || group.name !== name),
  }))
  return { hooksNotCleanedUp: [] }
}

const noHosts: HostSelection = {
  ec2TagFilters: [],
  onPremisesInstanceTagFilters: [],
  ec2TagSet: [],
  onPremisesTagSet: [],
}

/** Filters replace a tag set of the same kind, and a tag set replaces filters. */
function readSelection(input: JsonObject, current: HostSelection): HostSelection {
  const ec2 = readFilters(input, 'EC2', 'ec2TagFilters', 'ec2TagSet', 'ec2TagSetList')
  const onPremises = readFilters(
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

function readFilters(
  input: JsonObject,
  kind: 'EC2' | 'on-premises',
  filtersName: string,
  setName: string,
  listName: string,
): { readonly filters: readonly TagFilter[]; readonly set: readonly (readonly TagFilter[])[] } | undefined {
  const filters = readObjects(input, filtersName)?.map((filter) => readTagFilter(filter, kind))
  const tagSet = readObject(input, setName)
  if (!filters && !tagSet) return undefined
  const set = (tagSet ? (readList(tagSet, listName) ?? []) : []).map((list) => {
    if (!Array.isArray(list) || !list.every(isObject))
      throw faults.serialization(listName, 'a list of lists of filters')
    return list.map((filter) => readTagFilter(filter, kind))
  })
  if (filters && filters.length > 0 && set.length > 0) throw faults.invalidTagCombination(kind)
  return { filters: filters ?? [], set }
}

function readTagFilter(filter: JsonObject, kind: 'EC2' | 'on-premises'): TagFilter {
  const Key = readText(filter, 'Key')
  const Value = readText(filter, 'Value')
  const Type = readText(filter, 'Type') ?? 'KEY_AND_VALUE'
  if (Type !== 'KEY_ONLY' && Type !== 'VALUE_ONLY' && Type !== 'KEY_AND_VALUE') {
    throw faults.invalidTag(kind, `The filter type is ${Type}; expected KEY_ONLY, VALUE_ONLY or KEY_AND_VALUE.`)
  }
  if (Type !== 'VALUE_ONLY' && !Key) throw faults.invalidTag(kind, `A filter of the type ${Type} needs a Key.`)
  if (Type !== 'KEY_ONLY' && Value === undefined) {
    throw faults.invalidTag(kind, `A filter of the type ${Type} needs a Value.`)
  }
  return { Key, Value, Type }
}

function readStrategy(input: JsonObject): 'UPDATE' | 'IGNORE' | undefined {
  const strategy = readText(input, 'outdatedInstancesStrategy')
  if (strategy === undefined || strategy === 'UPDATE' || strategy === 'IGNORE') return strategy
  throw faults.invalidInput(`outdatedInstancesStrategy is ${strategy}; expected UPDATE or IGNORE.`)
}

function checkStyle(input: JsonObject): void {
  const style = readObject(input, 'deploymentStyle')
  if (!style) return
  const type = readText(style, 'deploymentType') ?? 'IN_PLACE'
  const option = readText(style, 'deploymentOption') ?? 'WITHOUT_TRAFFIC_CONTROL'
  if (type !== 'IN_PLACE' || option !== 'WITHOUT_TRAFFIC_CONTROL') {
    throw faults.invalidDeploymentStyle(`${type}, ${option}`)
  }
}

/** An alarm configuration that is not enabled changes nothing. */
function isSwitchedOff(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { enabled?: unknown }).enabled !== true
}
