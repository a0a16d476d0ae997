import type { ArtifactPlan, PlanArtifactOptions, TreeEntry } from './model.ts'
import { chooseEntries, planOf } from './plan/choose-entries.ts'
import { compileSelection } from './ports/globs.ts'

/**
 * Decides which entries an artifact has, from a listing of what stands below root: pure, so that a dry run prints the
 * very plan that {@link buildArtifact} executes.
 */
export function planArtifact(listing: readonly TreeEntry[], options: PlanArtifactOptions): ArtifactPlan {
  return planOf(chooseEntries(listing, compileSelection(options)))
}
