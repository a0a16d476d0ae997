import type { HostDeployment } from '../model.ts'

/** Which revision on the host a lifecycle event takes its scripts from. */
export type RevisionChoice = 'current' | 'last-successful' | 'most-recent'

/**
 * As the official agent chooses: what happens before the new revision is there belongs to the previous one, and
 * "last successful" means that Install ended, not that the deployment did.
 */
export function chooseRevision(
  event: string,
  { type, creator }: Pick<HostDeployment, 'type' | 'creator'>,
  facts: { readonly isUnpacked: boolean },
): RevisionChoice {
  if (facts.isUnpacked) return 'current'
  const isBlueGreenRollback = type === 'BLUE_GREEN' && creator === 'codeDeployRollback'
  switch (event) {
    case 'ApplicationStop':
      return 'last-successful'
    case 'BeforeBlockTraffic':
    case 'AfterBlockTraffic':
      return isBlueGreenRollback ? 'most-recent' : 'last-successful'
    case 'BeforeAllowTraffic':
    case 'AfterAllowTraffic':
      return isBlueGreenRollback ? 'last-successful' : 'current'
    default:
      return 'current'
  }
}
