import { randomInt, randomUUID } from 'node:crypto'
import {
  checkOptions,
  coreErrors,
  describeValue,
  systemClock,
  timestamp,
  type Clock,
  type JsonObject,
} from '@fairlead/core'
import type { Host, HostEvent, LifecycleEventName } from '@fairlead/host-agent'
import type { JsonService, ServiceCall } from '../service.ts'
import {
  batchGetApplications,
  createApplication,
  deleteApplication,
  getApplication,
  listApplications,
  updateApplication,
} from './actions/applications.ts'
import {
  builtInConfigs,
  createDeploymentConfig,
  deleteDeploymentConfig,
  getDeploymentConfig,
  listDeploymentConfigs,
} from './actions/configs.ts'
import {
  batchGetDeployments,
  continueDeployment,
  createDeployment,
  getDeployment,
  listDeployments,
  skipWaitTimeForInstanceTermination,
  stopDeployment,
} from './actions/deployments.ts'
import {
  batchGetDeploymentGroups,
  createDeploymentGroup,
  defaultConfigName,
  deleteDeploymentGroup,
  getDeploymentGroup,
  listDeploymentGroups,
  updateDeploymentGroup,
} from './actions/groups.ts'
import {
  batchGetApplicationRevisions,
  getApplicationRevision,
  listApplicationRevisions,
  registerApplicationRevision,
} from './actions/revisions.ts'
import {
  batchGetDeploymentInstances,
  batchGetDeploymentTargets,
  getDeploymentInstance,
  getDeploymentTarget,
  listDeploymentInstances,
  listDeploymentTargets,
} from './actions/targets.ts'
import {
  addTagsToOnPremisesInstances,
  batchGetOnPremisesInstances,
  deregisterOnPremisesInstance,
  getOnPremisesInstance,
  listOnPremisesInstances,
  registerOnPremisesInstance,
  removeTagsFromOnPremisesInstances,
} from './actions/on-premises.ts'
import {
  deleteGitHubAccountToken,
  deleteResourcesByExternalId,
  listGitHubAccountTokenNames,
  listTagsForResource,
  putLifecycleEventHookExecutionStatus,
  tagResource,
  untagResource,
} from './actions/resources.ts'
import {
  askSimulated,
  hostDeployment,
  noGitHub,
  type AgentAnswer,
  type RunLifecycleEvent,
  type SimulatedHost,
} from './agent.ts'
import { openCommandQueue } from './commands/command-queue.ts'
import { createCommandService } from './commands/service.ts'
import { makeSigner, type Signer } from './commands/signer.ts'
import type { Action, ActionContext, FetchRevision } from './context.ts'
import * as faults from './faults.ts'
import { isName } from './input.ts'
import type {
  AutoRollbackEvent,
  CodeDeployEvent,
  CodeDeployState,
  Deployment,
  DeploymentError,
  DeploymentGroup,
} from './model.ts'
import { endDeployment } from './plan/deployment.ts'
import { eventsBetween } from './plan/events-between.ts'
import { participantsOf } from './plan/participants.ts'
import { fleetOf, type Fleet } from './plan/select-hosts.ts'
import { addDeployment, changeDeployment, raiseAlarm, settleDeployment } from './plan/state.ts'
import { defaultStyle } from './routing-input.ts'
import { runDeployment, type DeploymentRun } from './run-deployment.ts'

/** A folder that stands for a machine, with an agent. */
export interface CodeDeployHost {
  readonly name: string
  /** Absolute. */
  readonly folder: string
  /** What hooks find in their environment on this host. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** For the tag filters of groups that are created over the API. A tag `Name` with the host's name is always there. */
  readonly tags?: Readonly<Record<string, string>> | undefined
}

export interface CodeDeployGroup {
  readonly name: string
  /** Names of hosts, in the order in which they are deployed to. */
  readonly hosts: readonly string[]
  /** Default: `CodeDeployDefault.OneAtATime`. */
  readonly deploymentConfig?: string | undefined
  /** When a deployment of the group is rolled back by itself. Default: never. An alarm is on where `setAlarm` says so. */
  readonly autoRollback?: readonly ('failure' | 'alarm' | 'stop-on-request')[] | undefined
}

export interface CodeDeployApplication {
  readonly name: string
  readonly groups: readonly CodeDeployGroup[]
}

export interface CodeDeployOptions {
  /** Twelve digits. */
  readonly account: string
  readonly region: string
  readonly hosts: readonly CodeDeployHost[]
  readonly simulatedHosts?: readonly SimulatedHost[] | undefined
  readonly applications: readonly CodeDeployApplication[]
  readonly fetchRevision: FetchRevision
  /** What hooks find in their environment on every host; a host's own settings come over it. */
  readonly hostEnvironment?: Readonly<Record<string, string>> | undefined
  /** The agent of every host. Default: that of `@fairlead/host-agent`. */
  readonly runLifecycleEvent?: RunLifecycleEvent | undefined
  readonly clock?: Clock | undefined
  /** Told of deployments and of what their hosts do. An exception that it throws comes out of `close`. */
  readonly onEvent?: ((event: CodeDeployEvent | HostEvent) => void) | undefined
}

export interface CodeDeployService extends JsonService {
  readonly hosts: readonly CodeDeployHost[]
  /** Every deployment so far, the oldest first. */
  readonly deployments: () => readonly Deployment[]
  /** Resolves when no deployment runs, rollbacks included. */
  readonly whenIdle: () => Promise<void>
  /** Where agents poll that are none of this process. */
  readonly commands: JsonService
  /** Turns an alarm on or off; deployments that listen to one that is on are stopped. */
  readonly setAlarm: SetAlarm
}

export type SetAlarm = (alarm: { readonly name: string; readonly isOn: boolean }) => void

/** Loaded by the first deployment: most tests have none. */
const askHostAgent: RunLifecycleEvent = async (host, options) => {
  const { runLifecycleEvent } = await import('@fairlead/host-agent')
  return runLifecycleEvent(host, options)
}

/** All that the SDK's model has. */
const actions: Readonly<Record<string, Action>> = {
  AddTagsToOnPremisesInstances: addTagsToOnPremisesInstances,
  BatchGetApplicationRevisions: batchGetApplicationRevisions,
  BatchGetApplications: batchGetApplications,
  BatchGetDeploymentGroups: batchGetDeploymentGroups,
  BatchGetDeploymentInstances: batchGetDeploymentInstances,
  BatchGetDeploymentTargets: batchGetDeploymentTargets,
  BatchGetDeployments: batchGetDeployments,
  BatchGetOnPremisesInstances: batchGetOnPremisesInstances,
  ContinueDeployment: continueDeployment,
  CreateApplication: createApplication,
  CreateDeployment: createDeployment,
  CreateDeploymentConfig: createDeploymentConfig,
  CreateDeploymentGroup: createDeploymentGroup,
  DeleteApplication: deleteApplication,
  DeleteDeploymentConfig: deleteDeploymentConfig,
  DeleteDeploymentGroup: deleteDeploymentGroup,
  DeleteGitHubAccountToken: deleteGitHubAccountToken,
  DeleteResourcesByExternalId: deleteResourcesByExternalId,
  DeregisterOnPremisesInstance: deregisterOnPremisesInstance,
  GetApplication: getApplication,
  GetApplicationRevision: getApplicationRevision,
  GetDeployment: getDeployment,
  GetDeploymentConfig: getDeploymentConfig,
  GetDeploymentGroup: getDeploymentGroup,
  GetDeploymentInstance: getDeploymentInstance,
  GetDeploymentTarget: getDeploymentTarget,
  GetOnPremisesInstance: getOnPremisesInstance,
  ListApplicationRevisions: listApplicationRevisions,
  ListApplications: listApplications,
  ListDeploymentConfigs: listDeploymentConfigs,
  ListDeploymentGroups: listDeploymentGroups,
  ListDeploymentInstances: listDeploymentInstances,
  ListDeploymentTargets: listDeploymentTargets,
  ListDeployments: listDeployments,
  ListGitHubAccountTokenNames: listGitHubAccountTokenNames,
  ListOnPremisesInstances: listOnPremisesInstances,
  ListTagsForResource: listTagsForResource,
  PutLifecycleEventHookExecutionStatus: putLifecycleEventHookExecutionStatus,
  RegisterApplicationRevision: registerApplicationRevision,
  RegisterOnPremisesInstance: registerOnPremisesInstance,
  RemoveTagsFromOnPremisesInstances: removeTagsFromOnPremisesInstances,
  SkipWaitTimeForInstanceTermination: skipWaitTimeForInstanceTermination,
  StopDeployment: stopDeployment,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateApplication: updateApplication,
  UpdateDeploymentGroup: updateDeploymentGroup,
}

/**
 * CodeDeploy for Server: deployments run on the hosts' folders, behind the caller's back, until they end or
 * the service is closed.
 *
 * @throws INVALID_OPTION
 */
export function createCodeDeploy(options: CodeDeployOptions): CodeDeployService {
  const { account, region, clock = systemClock, fetchRevision, simulatedHosts = [] } = options
  const askAgent: RunLifecycleEvent = options.runLifecycleEvent ?? askHostAgent
  checkSeed(options)
  let state = initialState(options, clock.now())
  const hosts = new Map(options.hosts.map((host) => [host.name, host]))
  const simulated = new Map(simulatedHosts.map((host) => [host.name, host]))
  const taggedHosts = [...options.hosts, ...simulatedHosts].map(({ name, tags }) => ({
    name,
    tags: { Name: name, ...tags },
  }))
  const queue = openCommandQueue(clock)
  let signer: Promise<Signer> | undefined
  let changed = newDoor()
  const closing = new AbortController()
  const running = new Set<Promise<void>>()
  /** Of deployments that run behind everybody's back: there is no caller to tell before `close`. */
  const failures: unknown[] = []

  function tell(event: CodeDeployEvent | HostEvent): void {
    try {
      options.onEvent?.(event)
    } catch (error) {
      failures.push(error)
    }
  }

  function replaceState(next: CodeDeployState): void {
    const before = state
    state = next
    // Deployments are only ever added: each keeps its place.
    next.deployments.forEach((deployment, index) => {
      const old = before.deployments[index]
      if (old !== deployment) eventsBetween(old, deployment, timestamp(clock)).forEach(tell)
    })
    const { open } = changed
    changed = newDoor()
    open()
  }

  function findDeployment(id: string): Deployment {
    const deployment = state.deployments.find(({ deploymentId }) => deploymentId === id)
    if (!deployment) throw new Error(`the deployment ${id} is not known any more`)
    return deployment
  }

  function newDeploymentId(): string {
    for (;;) {
      const id = `d-${Array.from({ length: 9 }, () => idAlphabet[randomInt(idAlphabet.length)]).join('')}`
      if (!state.deployments.some(({ deploymentId }) => deploymentId === id)) return id
    }
  }

  function fleet(): Fleet {
    return fleetOf(taggedHosts, state)
  }

  async function runEvent(
    deployment: Deployment,
    targetId: string,
    event: LifecycleEventName,
    signal: AbortSignal,
  ): Promise<AgentAnswer | 'withdrawn'> {
    const simulation = simulated.get(targetId)
    if (simulation) return askSimulated(simulation, deployment, event, signal)
    const host = hosts.get(targetId)
    // A host without a folder is one whose own agent polls.
    if (!host) {
      const { deploymentId } = deployment
      const whenStopped = (until: AbortSignal) => waitForStop(deploymentId, until)
      return queue.run({ id: randomUUID(), host: targetId, deploymentId, event }, { signal, whenStopped })
    }
    const told = hostDeployment(deployment)
    if (!told) return noGitHub
    return askAgent(agentHost(host), {
      deployment: told,
      event,
      fetchBundle: fetchRevision,
      signal,
      clock,
      onEvent: tell,
    })
  }

  async function waitForStop(deploymentId: string, signal: AbortSignal): Promise<void> {
    while (!findDeployment(deploymentId).stop) {
      signal.throwIfAborted()
      await changed.opened
    }
  }

  function agentHost({ name, folder, environment }: CodeDeployHost): Host {
    return { name, folder, environment: { ...options.hostEnvironment, ...environment } }
  }

  function runInBackground(deploymentId: string): void {
    const run: DeploymentRun = {
      read: () => findDeployment(deploymentId),
      change: (change) => {
        const at = clock.now()
        replaceState(changeDeployment(state, deploymentId, (deployment) => change(deployment, at)))
      },
      end: (end) => {
        if (closing.signal.aborted) {
          const at = clock.now()
          replaceState(changeDeployment(state, deploymentId, (deployment) => endDeployment(deployment, end, at)))
          return
        }
        const settled = settleDeployment(state, deploymentId, end, { rollbackId: newDeploymentId(), at: clock.now() })
        replaceState(settled.state)
        if (settled.rollback) runInBackground(settled.rollback.deploymentId)
      },
      participants: () => {
        const deployment = findDeployment(deploymentId)
        const group = state.groups.find(({ id }) => id === deployment.deploymentGroupId)
        return group ? participantsOf(deployment, group, fleet(), state) : whatIsMissing(deployment, state)
      },
      runEvent: (targetId, event, signal) => runEvent(findDeployment(deploymentId), targetId, event, signal),
      nextChange: () => changed.opened,
      sleep: (ms, signal) => clock.sleep(ms, signal),
      signal: closing.signal,
    }
    const done = runDeployment(run)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(done))
    running.add(done)
  }

  async function whenIdle(): Promise<void> {
    while (running.size > 0) await Promise.all(running)
  }

  const context: Omit<ActionContext, 'signal'> = {
    place: { account, region },
    now: () => clock.now(),
    state: () => state,
    change: (change) => replaceState(change(state)),
    newId: randomUUID,
    newDeploymentId,
    newSuffix: () => Array.from({ length: 10 }, () => suffixAlphabet[randomInt(suffixAlphabet.length)]).join(''),
    fleet,
    fetchRevision,
    start: (deployment) => {
      replaceState(raiseAlarm(addDeployment(state, deployment)))
      runInBackground(deployment.deploymentId)
    },
  }

  const commands = createCommandService({
    place: { account, region },
    queue,
    findHost: (identityArn) =>
      state.instances.find((instance) => instance.identityArn === identityArn && instance.deregisterTime === undefined)
        ?.name,
    findDeployment: (id) => state.deployments.find(({ deploymentId }) => deploymentId === id),
    signer: () => (signer ??= makeSigner(systemClock.now())),
    isClosed: () => closing.signal.aborted,
  })

  return {
    targetPrefix: 'CodeDeploy_20141006',
    signingName: 'codedeploy',
    hosts: options.hosts,
    deployments: () => state.deployments,
    whenIdle,
    commands,
    setAlarm: ({ name, isOn }) => {
      const others = state.alarmsOn.filter((other) => other !== name)
      replaceState(raiseAlarm({ ...state, alarmsOn: isOn ? [...others, name] : others }))
    },
    handle: async (name: string, input: JsonObject, call: ServiceCall): Promise<JsonObject> => {
      if (closing.signal.aborted) throw faults.closed()
      const action = Object.hasOwn(actions, name) ? actions[name] : undefined
      if (!action) throw faults.unknownOperation(name, Object.keys(actions))
      return action(input, {
        ...context,
        get signal() {
          return AbortSignal.any([call.signal, closing.signal])
        },
      })
    },
    close: async () => {
      closing.abort(new Error('local-aws was closed'))
      await whenIdle()
      if (failures.length > 0) throw failures[0]
    },
  }
}

const verb = 'startLocalAws'
const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const suffixAlphabet = `${idAlphabet}${idAlphabet.slice(0, 26).toLowerCase()}`

interface Door {
  readonly opened: Promise<void>
  readonly open: () => void
}

function newDoor(): Door {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

/** Why a deployment cannot begin whose group is gone. */
function whatIsMissing(deployment: Deployment, { applications }: CodeDeployState): DeploymentError {
  return applications.some(({ name }) => name === deployment.applicationName)
    ? { code: 'DEPLOYMENT_GROUP_MISSING', message: 'The deployment group was deleted before the deployment began.' }
    : { code: 'APPLICATION_MISSING', message: 'The application was deleted before the deployment began.' }
}

const rollbackEvents: Readonly<Record<string, AutoRollbackEvent>> = {
  failure: 'DEPLOYMENT_FAILURE',
  alarm: 'DEPLOYMENT_STOP_ON_ALARM',
  'stop-on-request': 'DEPLOYMENT_STOP_ON_REQUEST',
}

function initialState({ account, applications }: CodeDeployOptions, createTime: number): CodeDeployState {
  return {
    applications: applications.map(({ name }) => ({ id: randomUUID(), name, createTime })),
    configs: Object.entries(builtInConfigs).map(([name, minimumHealthyHosts]) => ({
      id: randomUUID(),
      name,
      minimumHealthyHosts,
      createTime,
    })),
    groups: applications.flatMap((application) =>
      application.groups.map(({ name, hosts, deploymentConfig, autoRollback = [] }): DeploymentGroup => ({
        id: randomUUID(),
        applicationName: application.name,
        name,
        deploymentConfigName: deploymentConfig ?? defaultConfigName,
        serviceRoleArn: `arn:aws:iam::${account}:role/CodeDeployServiceRole`,
        selection: {
          ec2TagFilters: [],
          onPremisesInstanceTagFilters: hosts.map((host) => ({ Key: 'Name', Value: host, Type: 'KEY_AND_VALUE' })),
          ec2TagSet: [],
          onPremisesTagSet: [],
        },
        autoRollback: {
          enabled: autoRollback.length > 0,
          events: autoRollback.flatMap((event) => rollbackEvents[event] ?? []),
        },
        outdatedInstancesStrategy: 'UPDATE',
        style: defaultStyle,
      })),
    ),
    revisions: [],
    deployments: [],
    instances: [],
    tags: {},
    terminated: [],
    alarmsOn: [],
  }
}

/** The person who reads the refusal wrote these as options of `startLocalAws`, perhaps without a compiler. */
function checkSeed({ hosts, simulatedHosts = [], applications }: CodeDeployOptions): void {
  const names = [...hosts, ...simulatedHosts].map((host) => host?.name)
  hosts.forEach((host, index) => {
    const option = `hosts[${index}]`
    checkOptions(`${verb} ${option}`, host, ['name', 'folder', 'environment', 'tags'])
    checkName(`${option}.name`, host.name, names)
    if (typeof host.folder !== 'string' || !host.folder.startsWith('/')) {
      throw refusal(`${option}.folder`, host.folder, 'an absolute path')
    }
  })
  const seen = new Set<string>()
  simulatedHosts.forEach((host, index) => {
    const option = `simulatedHosts[${index}]`
    checkOptions(`${verb} ${option}`, host, ['name', 'tags', 'answer'])
    checkName(`${option}.name`, host.name, seen.has(host.name) ? [host.name, host.name] : [])
    seen.add(host.name)
    if (host.answer !== undefined && typeof host.answer !== 'function') {
      throw refusal(`${option}.answer`, host.answer, 'a function')
    }
  })
  applications.forEach((application, index) => {
    const option = `applications[${index}]`
    checkOptions(`${verb} ${option}`, application, ['name', 'groups'])
    checkName(
      `${option}.name`,
      application.name,
      applications.map((other) => other?.name),
    )
    if (!Array.isArray(application.groups)) throw refusal(`${option}.groups`, application.groups, 'a list')
    const groupNames = application.groups.map((group) => group?.name)
    application.groups.forEach((group, groupIndex) => {
      checkGroup(`${option}.groups[${groupIndex}]`, group, groupNames, names)
    })
  })
}

function checkGroup(
  option: string,
  group: CodeDeployGroup,
  groupNames: readonly string[],
  hostNames: readonly string[],
): void {
  checkOptions(`${verb} ${option}`, group, ['name', 'hosts', 'deploymentConfig', 'autoRollback'])
  checkName(`${option}.name`, group.name, groupNames)
  const { hosts, deploymentConfig, autoRollback = [] } = group
  if (!Array.isArray(hosts)) throw refusal(`${option}.hosts`, hosts, 'a list of names of hosts')
  hosts.forEach((host, index) => {
    if (!hostNames.includes(host)) {
      const expected = `the name of a host (${hostNames.join(', ') || 'none is given'})`
      throw refusal(`${option}.hosts[${index}]`, host, expected)
    }
  })
  if (deploymentConfig !== undefined && !Object.hasOwn(builtInConfigs, deploymentConfig)) {
    throw refusal(`${option}.deploymentConfig`, deploymentConfig, Object.keys(builtInConfigs).join(' or '))
  }
  if (!Array.isArray(autoRollback)) throw refusal(`${option}.autoRollback`, autoRollback, 'a list')
  for (const event of autoRollback) {
    if (!Object.hasOwn(rollbackEvents, event)) {
      throw refusal(`${option}.autoRollback`, event, Object.keys(rollbackEvents).join(' or '))
    }
  }
}

function checkName(option: string, name: string, among: readonly string[]): void {
  if (typeof name !== 'string' || !isName(name)) {
    throw refusal(option, name, 'at most 100 letters, digits and . _ + = , @ -')
  }
  if (among.filter((other) => other === name).length > 1) throw refusal(option, name, 'a name that is given once')
}

function refusal(option: string, given: unknown, expected: string): Error {
  return coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected })
}
