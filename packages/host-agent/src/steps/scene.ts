import { timestamp, type Clock } from '@fairlead/core'
import { scriptedEvents } from '@fairlead/appspec'
import type { AgentDeployment, Host, HostEvent } from '../model.ts'
import {
  deploymentLayout,
  groupState,
  layoutOf,
  type DeploymentLayout,
  type GroupState,
  type Layout,
} from '../plan/layout.ts'
import { rulesOf, type AgentRules } from '../plan/profile.ts'
import type { Command } from '../plan/script-command.ts'
import { openFence, type Fence } from '../ports/fence.ts'

/** What an event says besides its time, host and deployment. */
export type HostNews = HostEvent extends infer E
  ? E extends HostEvent
    ? Omit<E, 'at' | 'host' | 'deploymentId' | 'event'>
    : never
  : never

export interface Isolation {
  readonly wrap?: ((command: Command) => Command) | undefined
  /** Whether all scripts run as one user, whatever their `runas` says. */
  readonly keepsUser: boolean
}

/** What an agent is asked to do, and how it was asked. */
export interface AgentTask {
  readonly host: Host
  readonly deployment: AgentDeployment
  /** A lifecycle event, or what a command calls itself. */
  readonly event: string
  /** What the file of the running event says: the id of the command. Default: the event. */
  readonly mark?: string | undefined
  /** Whether a file says that the event is running; the local tool has none. Default: it does. */
  readonly isMarked?: boolean | undefined
  /** The events that run scripts. Default: those of CodeDeploy. */
  readonly hookEvents?: readonly string[] | undefined
  /** How scripts are kept apart from the machine. Default: they run as the agent does. */
  readonly isolation?: Isolation | undefined
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
  readonly onEvent?: ((event: HostEvent) => void) | undefined
}

/** All that a step of an event works with. */
export interface Scene extends AgentTask {
  readonly mark: string
  readonly isMarked: boolean
  readonly hookEvents: readonly string[]
  readonly fence: Fence
  readonly layout: Layout
  /** Of this deployment. */
  readonly own: DeploymentLayout
  readonly state: GroupState
  readonly rules: AgentRules
  readonly tell: (news: HostNews) => void
  /** What a listener threw: it reaches the caller, and is no failure of the host. */
  readonly listenerFailure: () => { readonly error: unknown } | undefined
}

export async function openScene(task: AgentTask): Promise<Scene> {
  const { host, deployment, event, clock, onEvent } = task
  const layout = layoutOf(host.folder)
  let listenerFailure: { readonly error: unknown } | undefined
  const tell = (news: HostNews): void => {
    const { deploymentId } = deployment
    try {
      onEvent?.({ at: timestamp(clock), host: host.name, deploymentId, event, ...news } as HostEvent)
    } catch (error) {
      listenerFailure = { error }
      throw error
    }
  }
  return {
    ...task,
    mark: task.mark ?? event,
    isMarked: task.isMarked ?? true,
    hookEvents: task.hookEvents ?? scriptedEvents,
    fence: await openFence(host.folder),
    layout,
    own: deploymentLayout(layout.root, deployment),
    state: groupState(layout.instructions, deployment.deploymentGroupId),
    rules: rulesOf(host.profile ?? 'official-2'),
    tell,
    listenerFailure: () => listenerFailure,
  }
}
