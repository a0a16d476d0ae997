import { findConfig, readPage, type Action } from '../context.ts'
import * as faults from '../faults.ts'
import { checkParameters, readDeploymentConfigName, readNumber, readObject, readText } from '../input.ts'
import { maximumConfigs } from '../limits.ts'
import type { MinimumHealthyHosts } from '../model.ts'
import { wireConfig } from '../wire.ts'
import { checkComputePlatform } from './applications.ts'

const builtInPrefix = 'CodeDeployDefault.'

/** What AWS has for Server in every account, with the values that GetDeploymentConfig answers. */
export const builtInConfigs: Readonly<Record<string, MinimumHealthyHosts>> = {
  'CodeDeployDefault.OneAtATime': { type: 'MOST_CONCURRENCY', value: 1 },
  'CodeDeployDefault.HalfAtATime': { type: 'FLEET_PERCENT', value: 50 },
  'CodeDeployDefault.AllAtOnce': { type: 'FLEET_PERCENT', value: 0 },
}

export const createDeploymentConfig: Action = (input, { state, change, newId, now }) => {
  checkParameters('CreateDeploymentConfig', input, ['deploymentConfigName', 'minimumHealthyHosts', 'computePlatform'])
  const name = readDeploymentConfigName(input)
  if (name.startsWith(builtInPrefix)) throw faults.invalidDeploymentConfigName(name)
  checkComputePlatform(readText(input, 'computePlatform'))
  const given = readObject(input, 'minimumHealthyHosts')
  if (!given) throw faults.invalidMinimumHealthyHostValue('minimumHealthyHosts was not specified.')
  const minimumHealthyHosts = checkMinimum(readText(given, 'type'), readNumber(given, 'value'))
  if (state().configs.some((config) => config.name === name)) throw faults.deploymentConfigAlreadyExists(name)
  if (state().configs.length - Object.keys(builtInConfigs).length >= maximumConfigs) {
    throw faults.deploymentConfigLimitExceeded()
  }
  const config = { id: newId(), name, minimumHealthyHosts, createTime: now() }
  change((current) => ({ ...current, configs: [...current.configs, config] }))
  return { deploymentConfigId: config.id }
}

export const getDeploymentConfig: Action = (input, context) => {
  checkParameters('GetDeploymentConfig', input, ['deploymentConfigName'])
  return { deploymentConfigInfo: wireConfig(findConfig(context, readDeploymentConfigName(input))) }
}

export const listDeploymentConfigs: Action = (input, { state }) => {
  checkParameters('ListDeploymentConfigs', input, ['nextToken'])
  const names = state().configs.map(({ name }) => name)
  const { items, nextToken } = readPage(input, names)
  return { deploymentConfigsList: [...items], nextToken }
}

export const deleteDeploymentConfig: Action = (input, { state, change }) => {
  checkParameters('DeleteDeploymentConfig', input, ['deploymentConfigName'])
  const name = readDeploymentConfigName(input)
  if (name.startsWith(builtInPrefix)) {
    throw faults.invalidOperation(`The predefined deployment configuration ${name} can not be deleted.`)
  }
  const user = state().groups.find((group) => group.deploymentConfigName === name)
  if (user) throw faults.deploymentConfigInUse(name, user.name)
  change((current) => ({ ...current, configs: current.configs.filter((config) => config.name !== name) }))
  return {}
}

function checkMinimum(type: string | undefined, value: number | undefined): MinimumHealthyHosts {
  if (type !== 'HOST_COUNT' && type !== 'FLEET_PERCENT') {
    throw faults.invalidMinimumHealthyHostValue(
      `The type is ${type ?? 'missing'}; expected HOST_COUNT or FLEET_PERCENT.`,
    )
  }
  const highest = type === 'FLEET_PERCENT' ? 100 : Number.MAX_SAFE_INTEGER
  if (value === undefined || !Number.isInteger(value) || value < 0 || value > highest) {
    const expected = type === 'FLEET_PERCENT' ? 'an integer from 0 to 100' : 'an integer, zero or more'
    throw faults.invalidMinimumHealthyHostValue(`The ${type} is ${value ?? 'missing'}; expected ${expected}.`)
  }
  return { type, value }
}
