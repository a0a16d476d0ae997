/** Reads how a group's traffic is rerouted, and which alarms stop its deployments. */
import type { JsonObject } from '@fairlead/core'
import * as faults from './faults.ts'
import { checkParameters, isEmpty, readFlag, readNumber, readObject, readObjects, readText } from './input.ts'
import { maximumAlarms, maximumTerminationWaitMinutes } from './limits.ts'
import type { Alarms, BlueGreen, DeploymentGroup, DeploymentStyle, LoadBalancers } from './model.ts'

export const defaultStyle: DeploymentStyle = { type: 'IN_PLACE', option: 'WITHOUT_TRAFFIC_CONTROL' }

export type Routing = Pick<DeploymentGroup, 'style' | 'loadBalancers' | 'blueGreen' | 'alarms'>

/** Refuses parts that do not go together. */
export function checkRouting(routing: Routing): Routing {
  const { style, loadBalancers, blueGreen } = routing
  const isRouted = style.option === 'WITH_TRAFFIC_CONTROL'
  if (style.type === 'BLUE_GREEN' && !isRouted) throw faults.invalidDeploymentStyle(`${style.type}, ${style.option}`)
  if (isRouted && !loadBalancers) {
    throw faults.invalidLoadBalancerInfo(
      'A deployment style WITH_TRAFFIC_CONTROL needs a loadBalancerInfo that names a load balancer or target group.',
    )
  }
  if (style.type === 'BLUE_GREEN' && !blueGreen) {
    throw faults.invalidBlueGreenDeploymentConfiguration(
      'A deployment style BLUE_GREEN needs a blueGreenDeploymentConfiguration.',
    )
  }
  return routing
}

export function readStyle(input: JsonObject): DeploymentStyle | undefined {
  const style = readObject(input, 'deploymentStyle')
  if (!style) return undefined
  const type = readText(style, 'deploymentType') ?? defaultStyle.type
  const option = readText(style, 'deploymentOption') ?? defaultStyle.option
  const isType = type === 'IN_PLACE' || type === 'BLUE_GREEN'
  const isOption = option === 'WITH_TRAFFIC_CONTROL' || option === 'WITHOUT_TRAFFIC_CONTROL'
  if (!isType || !isOption) throw faults.invalidDeploymentStyle(`${type}, ${option}`)
  return { type, option }
}

/** Nothing for a list that is empty, as callers give it that have no load balancer. */
export function readLoadBalancers(input: JsonObject): LoadBalancers | undefined {
  const info = readObject(input, 'loadBalancerInfo')
  if (!info) return undefined
  if (!isEmpty(info['targetGroupPairInfoList'] ?? [])) {
    throw faults.invalidLoadBalancerInfo(
      'targetGroupPairInfoList is for Amazon ECS; give elbInfoList or targetGroupInfoList.',
    )
  }
  const names = (list: string) =>
    (readObjects(info, list) ?? []).map((entry) => {
      const name = readText(entry, 'name')
      if (!name) throw faults.invalidLoadBalancerInfo(`An entry of ${list} has no name.`)
      return name
    })
  const [elbs, targetGroups] = [names('elbInfoList'), names('targetGroupInfoList')]
  return elbs.length + targetGroups.length > 0 ? { elbs, targetGroups } : undefined
}

export function readBlueGreen(input: JsonObject): BlueGreen | undefined {
  const configuration = readObject(input, 'blueGreenDeploymentConfiguration')
  if (!configuration || isEmpty(configuration)) return undefined
  const fleet = readObject(configuration, 'greenFleetProvisioningOption') ?? {}
  const action = readText(fleet, 'action') ?? 'DISCOVER_EXISTING'
  if (action === 'COPY_AUTO_SCALING_GROUP') throw faults.notSupported('a deployment group', `the action ${action}`)
  if (action !== 'DISCOVER_EXISTING') {
    throw faults.invalidBlueGreenDeploymentConfiguration(
      `The action ${action} of greenFleetProvisioningOption is not known.`,
    )
  }
  return { ...readReadyOption(configuration), ...readTerminationOption(configuration) }
}

function readReadyOption(configuration: JsonObject): Pick<BlueGreen, 'whenReady' | 'readyWaitMinutes'> {
  const ready = readObject(configuration, 'deploymentReadyOption') ?? {}
  const whenReady = readText(ready, 'actionOnTimeout') ?? 'CONTINUE_DEPLOYMENT'
  if (whenReady !== 'CONTINUE_DEPLOYMENT' && whenReady !== 'STOP_DEPLOYMENT') {
    throw faults.invalidBlueGreenDeploymentConfiguration(
      `actionOnTimeout is ${whenReady}; expected CONTINUE_DEPLOYMENT or STOP_DEPLOYMENT.`,
    )
  }
  const readyWaitMinutes = readMinutes(ready, 'waitTimeInMinutes', Number.MAX_SAFE_INTEGER)
  if (whenReady === 'CONTINUE_DEPLOYMENT' && readyWaitMinutes > 0) {
    throw faults.invalidBlueGreenDeploymentConfiguration('waitTimeInMinutes is for STOP_DEPLOYMENT only.')
  }
  return { whenReady, readyWaitMinutes }
}

function readTerminationOption(configuration: JsonObject): Pick<BlueGreen, 'originals' | 'terminationWaitMinutes'> {
  const termination = readObject(configuration, 'terminateBlueInstancesOnDeploymentSuccess') ?? {}
  const originals = readText(termination, 'action') ?? 'TERMINATE'
  if (originals !== 'TERMINATE' && originals !== 'KEEP_ALIVE') {
    throw faults.invalidBlueGreenDeploymentConfiguration(
      `The action on original instances is ${originals}; expected TERMINATE or KEEP_ALIVE.`,
    )
  }
  const terminationWaitMinutes = readMinutes(termination, 'terminationWaitTimeInMinutes', maximumTerminationWaitMinutes)
  return { originals, terminationWaitMinutes }
}

function readMinutes(input: JsonObject, name: string, most: number): number {
  const minutes = readNumber(input, name) ?? 0
  if (!Number.isInteger(minutes) || minutes < 0 || minutes > most) {
    throw faults.invalidBlueGreenDeploymentConfiguration(
      `${name} is ${minutes}; expected whole minutes, at most ${most}.`,
    )
  }
  return minutes
}

export function readAlarms(input: JsonObject, parameter: string): Alarms | undefined {
  const configuration = readObject(input, parameter)
  if (!configuration) return undefined
  checkParameters(parameter, configuration, ['enabled', 'ignorePollAlarmFailure', 'alarms'])
  const enabled = readFlag(configuration, 'enabled') ?? false
  const names = (readObjects(configuration, 'alarms') ?? []).map((alarm) => {
    const name = readText(alarm, 'name')
    if (!name) throw faults.invalidAlarmConfig('An alarm has no name.')
    return name
  })
  if (names.length > maximumAlarms) throw faults.alarmsLimitExceeded(names.length)
  if (new Set(names).size < names.length) throw faults.invalidAlarmConfig('An alarm is listed twice.')
  if (enabled && names.length === 0) throw faults.invalidAlarmConfig('Alarms are enabled, but none is listed.')
  return { enabled, ignorePollAlarmFailure: readFlag(configuration, 'ignorePollAlarmFailure') ?? false, names }
}
