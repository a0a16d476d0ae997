import type { AppSpecFinding } from '@fairlead/appspec'
import type { FileChange } from './file-changes.ts'
import type { RehearsedDeployment } from './rehearsal-report.ts'

/** What a rehearsal found that will hurt on a real host, or that it could not show. */
export interface Hazard {
  readonly rule:
    | 'appspec'
    | 'event-failed'
    | 'host-left-empty'
    | 'leaves-host'
    | 'output-left-open'
    | 'stop-blocks-later-deployments'
    | 'failed-revision-supplies-next-stop'
    | 'rollback-incomplete'
    | 'runas-not-rehearsed'
    | 'no-sandbox'
  /** error: a deployment of this will fail or strand the host. warning: it may surprise. note: it was not rehearsed. */
  readonly severity: 'error' | 'warning' | 'note'
  readonly message: string
  /** What to do about it. */
  readonly cure: string
  readonly deployment?: RehearsedDeployment['role']
  readonly event?: string
  readonly paths?: readonly string[]
}

/** The findings of a revision's AppSpec. */
export function appSpecHazards(role: RehearsedDeployment['role'], findings: readonly AppSpecFinding[]): Hazard[] {
  return findings.map(({ severity, rule, line, column, message, cure }) => ({
    rule: 'appspec',
    severity,
    deployment: role,
    message: `${line}:${column} ${message} (${rule})`,
    cure,
  }))
}

/** What the course of a deployment shows. */
export function courseHazards(deployment: RehearsedDeployment): Hazard[] {
  const { role, events } = deployment
  const failed = events.find(({ result }) => result.status === 'Failed')
  if (!failed) return []
  const { event, message = '', detail, wireCode } = failed.result
  const at = { deployment: role, event } as const
  const hazards: Hazard[] = [
    {
      rule: 'event-failed',
      severity: 'error',
      ...at,
      message: `${event} fails: ${message}`,
      cure: detail ?? 'Correct it and rehearse again.',
    },
  ]
  const gone = failed.changes
    .filter(({ change, type }) => change === 'vanishes' && type !== 'folder')
    .map(({ path }) => path)
  if (event === 'Install' && gone.length > 0) {
    hazards.push({
      rule: 'host-left-empty',
      severity: 'error',
      ...at,
      message: 'Install fails when the files of the previous release are gone already, and nothing takes their place',
      cure: 'Remove what is in the way in BeforeInstall, or choose file_exists_behavior: OVERWRITE.',
      paths: gone,
    })
  }
  if (detail?.includes('a real host would go there')) {
    const cure = 'Keep destinations and links of the bundle below the folders that it is meant for.'
    hazards.push({ rule: 'leaves-host', severity: 'error', ...at, message: detail, cure })
  }
  if (wireCode === 6) {
    const cure = 'Redirect the output of what runs in the background, or let a service manager start it.'
    hazards.push({ rule: 'output-left-open', severity: 'error', ...at, message: detail ?? message, cure })
  }
  if (event === 'ApplicationStop') {
    hazards.push({
      rule: 'stop-blocks-later-deployments',
      severity: 'error',
      ...at,
      message: 'the script that fails is the one of the revision that is on the hosts: no later revision can mend it',
      cure: 'Deploy once with ignoreApplicationStopFailures.',
    })
  }
  const isInstalled = events.some(({ result }) => result.event === 'Install' && result.status === 'Succeeded')
  if (role === 'next' && isInstalled) {
    hazards.push({
      rule: 'failed-revision-supplies-next-stop',
      severity: 'warning',
      ...at,
      message:
        'Install has ended, so that the failed revision counts as the last successful one: its ApplicationStop runs in the next deployment',
      cure: 'Let ApplicationStop succeed whatever state the application is in.',
    })
  }
  return hazards
}

/** What a rollback did not bring back. */
export function rollbackHazards(differences: readonly FileChange[]): Hazard[] {
  if (differences.length === 0) return []
  return [
    {
      rule: 'rollback-incomplete',
      severity: 'warning',
      deployment: 'rollback',
      message: 'after the rollback the host is not what it was before the deployment',
      cure: 'Let the hooks of the previous revision remove or write what the newer one leaves behind.',
      paths: differences.map(({ path, change }) => `${path} ${change}`),
    },
  ]
}
