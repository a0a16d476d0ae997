import type { LifecycleEventResult } from '../model.ts'
import type { FileChange } from './file-changes.ts'
import type { Hazard } from './hazards.ts'
import type { PlannedEvent, PlannedRehearsal } from './rehearsal.ts'

export interface RehearsalReport {
  /** Whether the new revision, and the rollback if there was one, went through. */
  readonly status: 'Succeeded' | 'Failed'
  /** What kept scripts away from this machine. */
  readonly sandbox: 'bubblewrap' | 'none'
  /** In order: what was on the host, the new revision, and the way back. */
  readonly deployments: readonly RehearsedDeployment[]
  readonly hazards: readonly Hazard[]
  /** The host's folder, where it was kept. */
  readonly folder?: string
}

export interface RehearsedDeployment {
  readonly role: 'previous' | 'next' | 'rollback'
  readonly deploymentId: string
  readonly status: 'Succeeded' | 'Failed'
  readonly events: readonly RehearsedEvent[]
}

export interface RehearsedEvent {
  readonly result: LifecycleEventResult
  readonly scripts: readonly RehearsedScript[]
  /** Files of the host, the agent's own left out. */
  readonly changes: readonly FileChange[]
}

export interface RehearsedScript {
  /** As the AppSpec writes it. */
  readonly location: string
  /** Whose: the deployment whose archive it comes from. */
  readonly from: RehearsedDeployment['role']
  readonly lines: readonly { readonly stream: 'stdout' | 'stderr'; readonly line: string }[]
}

/** Paths of one event that are shown before the rest is only counted. Chosen here: a screen. */
const shownChanges = 20

/** The report as a person reads it, a line each. */
export function formatRehearsal({ deployments, hazards, sandbox, status }: RehearsalReport): readonly string[] {
  return [
    ...deployments.flatMap(formatDeployment),
    ...(hazards.length === 0 ? ['no hazards found'] : [`${hazards.length} hazard${hazards.length === 1 ? '' : 's'}`]),
    ...hazards.flatMap(formatHazard),
    `rehearsal ${status === 'Succeeded' ? 'succeeded' : 'failed'}${sandbox === 'none' ? ', without a sandbox' : ''}`,
  ]
}

function formatDeployment({ role, deploymentId, status, events }: RehearsedDeployment): string[] {
  return [`${role} revision (${deploymentId}): ${status}`, ...events.flatMap(formatEvent), '']
}

function formatEvent({ result, scripts, changes }: RehearsedEvent): string[] {
  const outcome =
    result.status === 'Failed' ? `Failed: ${result.message ?? ''}` : result.noop ? 'nothing to do' : 'Succeeded'
  const hidden = changes.length - shownChanges
  const signs = { appears: '+', changes: '~', vanishes: '-' }
  return [
    `  ${result.event}: ${outcome}`,
    ...scripts.flatMap(({ location, from, lines }) => [
      `    runs ${location} of the ${from} revision`,
      ...lines.map(({ stream, line }) => `      ${stream === 'stderr' ? '! ' : ''}${line}`),
    ]),
    ...changes
      .slice(0, shownChanges)
      .map(({ path, change, what }) => `    ${signs[change]} ${path}${what ? ` (${what.join(', ')})` : ''}`),
    ...(hidden > 0 ? [`    … and ${hidden} more`] : []),
  ]
}

function formatHazard({ severity, rule, deployment, message, cure, paths = [] }: Hazard): string[] {
  const hidden = paths.length - shownChanges
  return [
    `  ${severity} ${rule}${deployment ? ` (${deployment})` : ''}: ${message}`,
    ...paths.slice(0, shownChanges).map((path) => `    ${path}`),
    ...(hidden > 0 ? [`    … and ${hidden} more`] : []),
    `    ${cure}`,
  ]
}

/** A plan as a person reads it, a line each. */
export function formatPlannedRehearsal({ events, hazards }: PlannedRehearsal): readonly string[] {
  return [
    ...events.flatMap(formatPlannedEvent),
    ...(hazards.length === 0 ? ['no hazards found'] : [`${hazards.length} hazard${hazards.length === 1 ? '' : 's'}`]),
    ...hazards.flatMap(formatHazard),
  ]
}

function formatPlannedEvent({ event, scripts, deletes, instructions, failure }: PlannedEvent): string[] {
  const comes = instructions.flatMap((step) =>
    step.type === 'mkdir' ? [`    + ${step.directory}`] : step.type === 'copy' ? [`    + ${step.destination}`] : [],
  )
  const changes = [...deletes.map((path) => `    - ${path}`), ...comes]
  const hidden = changes.length - shownChanges
  return [
    `  ${event}: ${failure === undefined ? (scripts.length + changes.length === 0 ? 'no script' : 'planned') : `would fail: ${failure}`}`,
    ...scripts.map(
      ({ location, from, timeoutSeconds }) =>
        `    runs ${location} of the ${from} revision, for ${timeoutSeconds} s at most`,
    ),
    ...changes.slice(0, shownChanges),
    ...(hidden > 0 ? [`    … and ${hidden} more`] : []),
  ]
}
