import type { ArtifactPlan } from '../model.ts'
import { sortedByBytes } from './byte-order.ts'

/** What a plan does with a path below root, and why. */
export interface PathDecision {
  /** Below root. */
  readonly path: string
  readonly decision: 'in' | 'out' | 'refused'
  /** What decided it: `include dist/**`, `.gitignore:3 *.log`, `link-escapes`. */
  readonly because: string
  /** In the artifact, if `map` gives it another place. */
  readonly place?: string | undefined
}

/**
 * Every path that was listed, with the reason for which it is in or out, in the order of the bytes of the paths. A
 * folder of which nothing can be chosen is not listed, and neither is it here.
 */
export function explainPlan(plan: ArtifactPlan): readonly PathDecision[] {
  return sortedByBytes(decisionsOf(plan), ({ path }) => path)
}

/** Why one path is in or out; undefined where the plan knows nothing of it: it is not there, or its folder is not listed. */
export function explainPath(plan: ArtifactPlan, path: string): PathDecision | undefined {
  for (const decision of decisionsOf(plan)) if (decision.path === path) return decision
  return undefined
}

/** A line for people: `in       dist/main.js  (include dist/**)`. */
export function formatDecision({ path, decision, because, place }: PathDecision): string {
  return `${decision.padEnd(8)} ${path}${place === undefined ? '' : ` as ${place}`}  (${because})`
}

function* decisionsOf({ entries, refused, leftOut }: ArtifactPlan): Generator<PathDecision, void, undefined> {
  for (const { path: place, source: path, chosenBy: because } of entries) {
    yield { path, decision: 'in', because, ...(place !== path && { place }) }
  }
  for (const { path: place, source, reason } of refused) {
    yield { path: source ?? place, decision: 'refused', because: reason, ...(source !== undefined && { place }) }
  }
  for (const { path, leftOutBy } of leftOut) yield { path, decision: 'out', because: leftOutBy }
}
