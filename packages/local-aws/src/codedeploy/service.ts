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
import { runLifecycleEvent, type Host, type HostEvent } from '@fairlead/host-agent'
import type { JsonService, ServiceCall } from '../service.ts'
import { createApplication, deleteApplication, getApplication, listApplications } from './actions/applications.ts'
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
  stopDeployment,
} from './actions/deployments.ts'
import {
  createDeploymentGroup,
  defaultConfigName,
  deleteDeploymentGroup,
  getDeploymentGroup,
  listDeploymentGroups,
  updateDeploymentGroup,
} from './actions/groups.ts'
import { getApplicationRevision, listApplicationRevisions, registerApplicationRevision } from './actions/revisions.ts'
import { batchGetDeploymentTargets, getDeploymentTarget, listDeploymentTargets } from './actions/targets.ts'
import { hostDeployment, type RunLifecycleEvent } from './agent.ts'
import type { Action, ActionContext, FetchRevision } from './context.ts'
import * as faults from './faults.ts'
import { isName } from './input.ts'
import type { AutoRollbackEvent, CodeDeployEvent, CodeDeployState, Deployment, DeploymentGroup } from './model.ts'
import { endDeployment } from './plan/deployment.ts'
import { eventsBetween } from './plan/events-between.ts'
import { selectHosts } from './plan/select-hosts.ts'
import { addDeployment, changeDeployment, settleDeployment } from './plan/state.ts'
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
  /** When a deployment of the group is rolled back by itself. Default: never. There are no alarms here. */
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
}

const actions: Readonly<Record<string, Action>> = {
  BatchGetDeploymentTargets: batchGetDeploymentTargets,
  BatchGetDeployments: batchGetDeployments,
  ContinueDeployment: continueDeployment,
  CreateApplication: createApplication,
  CreateDeployment: createDeployment,
  CreateDeploymentConfig: createDeploymentConfig,
  CreateDeploymentGroup: createDeploymentGroup,
  DeleteApplication: deleteApplication,
  DeleteDeploymentConfig: deleteDeploymentConfig,
  DeleteDeploymentGroup: deleteDeploymentGroup,
  GetApplication: getApplication,
  GetApplicationRevision: getApplicationRevision,
  GetDeployment: getDeployment,
  GetDeploymentConfig: getDeploymentConfig,
  GetDeploymentGroup: getDeploymentGroup,
  GetDeploymentTarget: getDeploymentTarget,
  ListApplicationRevisions: listApplicationRevisions,
  ListApplications: listApplications,
  ListDeploymentConfigs: listDeploymentConfigs,
  ListDeploymentGroups: listDeploymentGroups,
  ListDeploymentTargets: listDeploymentTargets,
  ListDeployments: listDeployments,
  RegisterApplicationRevision: registerApplicationRevision,
  StopDeployment: stopDeployment,
  UpdateDeploymentGroup: updateDeploymentGroup,
}

/**
 * CodeDeploy for Server, in place: deployments run on the hosts' folders, behind the caller's back, until they end or
 * the service is closed.
 *
 * @throws INVALID_OPTION
 */
export function createCodeDeploy(options: CodeDeployOptions): CodeDeployService {
  const { account, region, clock = systemClock, fetchRevision } = options
  const askAgent: RunLifecycleEvent = options.runLifecycleEvent ?? runLifecycleEvent
  checkSeed(options)
  let state = initialState(options, clock.now())
  const hosts = new Map(options.hosts.map((host) => [host.name, host]))
  const taggedHosts = options.hosts.map(({ name, tags }) => ({ name, tags: { Name: name, ...tags } }))
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

  function agentHost(name: string): Host {
    const host = hosts.get(name)
    if (!host) throw new Error(`there is no host ${name}`)
    const { folder, environment } = host
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
      hosts: () => {
        const { deploymentGroupId } = findDeployment(deploymentId)
        const group = state.groups.find(({ id }) => id === deploymentGroupId)
        return group && selectHosts(taggedHosts, group.selection)
      },
      runEvent: (targetId, event, signal) =>
        askAgent(agentHost(targetId), {
          deployment: hostDeployment(findDeployment(deploymentId)),
          event,
          fetchBundle: fetchRevision,
          signal,
          clock,
          onEvent: tell,
        }),
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
    fetchRevision,
    start: (deployment) => {
      replaceState(addDeployment(state, deployment))
      runInBackground(deployment.deploymentId)
    },
  }

  return {
    targetPrefix: 'CodeDeploy_20141006',
    signingName: 'codedeploy',
    hosts: options.hosts,
    deployments: () => state.deployments,
    whenIdle,
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
      })),
    ),
    revisions: [],
    deployments: [],
  }
}

/** The person who reads the refusal wrote these as options of `startLocalAws`, perhaps without a compiler. */
function checkSeed({ hosts, applications }: CodeDeployOptions): void {
  const names = hosts.map((host) => host?.name)
  hosts.forEach((host, index) => {
    const option = `hosts[${index}]`
    checkOptions(`${verb} ${option}`, host, ['name', 'folder', 'environment', 'tags'])
    checkName(`${option}.name`, host.name, names)
    if (typeof host.folder !== 'string' || !host.folder.startsWith('/')) {
      throw refusal(`${option}.folder`, host.folder, 'an absolute path')
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
