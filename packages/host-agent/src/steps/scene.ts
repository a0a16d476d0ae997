import type { Clock } from '@fairlead/core'
import type { Host, HostDeployment, HostEvent, LifecycleEventName } from '../model.ts'
import {
  deploymentLayout,
  groupState,
  layoutOf,
  type DeploymentLayout,
  type GroupState,
  type Layout,
} from '../plan/layout.ts'
import { rulesOf, type AgentRules } from '../plan/profile.ts'
import type { Fence } from '../ports/fence.ts'

/** What an event says besides its time, host and deployment. */
export type HostNews = HostEvent extends infer E
  ? E extends HostEvent
    ? Omit<E, 'at' | 'host' | 'deploymentId' | 'event'>
    : never
  : never

/** All that a step of an event works with. */
export interface Scene {
  readonly host: Host
  readonly deployment: HostDeployment
  readonly event: LifecycleEventName
  readonly fence: Fence
  readonly layout: Layout
  /** Of this deployment. */
  readonly own: DeploymentLayout
  readonly state: GroupState
  readonly rules: AgentRules
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
  readonly tell: (news: HostNews) => void
}

export function makeScene(
  facts: Pick<Scene, 'host' | 'deployment' | 'event' | 'fence' | 'clock' | 'signal' | 'tell'>,
): Scene {
  const { host, deployment } = facts
  const layout = layoutOf(host.folder)
  return {
    ...facts,
    layout,
    own: deploymentLayout(layout.root, deployment),
    state: groupState(layout.instructions, deployment.deploymentGroupId),
    rules: rulesOf(host.profile ?? 'official-2'),
  }
}
