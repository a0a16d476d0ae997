import { checkPlanOptions } from './build-options.ts'
import type { ArtifactPlan, ReadArtifactPlanOptions } from './model.ts'
import { planOf } from './plan/choose-entries.ts'
import { withLanes } from './ports/lanes/pool.ts'
import { choosePlan, gatherInputs } from './prepare-build.ts'

/**
 * Reads what {@link buildArtifact} would put into an artifact, and why, for a dry run: nothing is written, no file's
 * content is read, and what a build would refuse stands in the plan.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, INVALID_RECORD (package.json, package-lock.json), GIT_MISSING, GIT_FAILED
 * @throws ARTIFACT_ROOT_MISSING, ARTIFACT_ROOT_NOT_A_FOLDER, ARTIFACT_OUTPUT_INSIDE_ROOT, ARTIFACT_OUTPUT_NOT_A_FILE
 * @throws ARTIFACT_NPM_LOCK_MISSING, ARTIFACT_NPM_WORKSPACE_MISSING
 * @throws ARTIFACT_REPOSITORY_MISSING, ARTIFACT_COMMIT_MISSING, ARTIFACT_FILE_CHANGED, ARTIFACT_FILE_UNREADABLE
 */
export async function readArtifactPlan(options: ReadArtifactPlanOptions): Promise<{
  /** Real path of the folder. */
  readonly root: string
  readonly commit: string
  readonly application: string
  readonly plan: ArtifactPlan
}> {
  const checked = checkPlanOptions('readArtifactPlan', options)
  const { signal } = options
  return withLanes({ threads: checked.workers, signal }, async (_lanes, lanes) => {
    const inputs = await gatherInputs(checked, { lanes, signal })
    const { root, application, tree, ...chosen } = await choosePlan(inputs, checked)
    return { root, commit: tree.commit, application, plan: planOf(chosen) }
  })
}
