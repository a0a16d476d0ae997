import type { Release } from '@fairlead/core'
import { askGates } from './check-promotable.ts'
import { errors } from './errors.ts'
import type { CheckPromotableOptions } from './model.ts'

/**
 * Asks every gate whether a release may be promoted, and throws with all their findings where it may not.
 *
 * @throws RELEASE_NOT_PROMOTABLE, INVALID_RECORD, INVALID_OPTION, UNKNOWN_OPTION, and what the gates throw;
 *   `signal.reason` when cancelled
 */
export async function requirePromotable(release: Release, options: CheckPromotableOptions): Promise<void> {
  const findings = await askGates('requirePromotable', release, options)
  if (findings.length === 0) return
  const { tag, commit } = release
  throw errors.RELEASE_NOT_PROMOTABLE({ tag, commit, findings: findings.map((finding) => ({ ...finding })) })
}
