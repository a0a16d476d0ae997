import type * as artifactBuilder from '@fairlead/artifact-builder'
import type { ArtifactPlan, PathDecision, ReadArtifactPlanOptions } from '@fairlead/artifact-builder'
import type { DeployError } from '@fairlead/core'
import type { CommandContext } from '../command-context.ts'
import { formatPlan, pathAndFoldersAbove } from '../plan/format-plan.ts'
import { printable } from '../plan/printable.ts'

type Builder = typeof artifactBuilder

/**
 * Answers what a build would put in, or why, and fails where it would be refused.
 *
 * @param explain a path relative to the root, true for all of them, undefined for the plan itself
 */
export async function answerPlan(
  options: ReadArtifactPlanOptions,
  explain: string | true | undefined,
  { ambient, answer, fail }: CommandContext,
): Promise<void> {
  const builder = await import('@fairlead/artifact-builder')
  const read = await builder.readArtifactPlan({ ...options, ...ambient })
  const refusals = refusalsOf(read, builder)
  if (refusals.length > 0) fail()
  const lines = formatPlan(read, refusals)
  if (explain === undefined) return answer(read, lines.map(printable))
  const decisions = decisionsOf(read.plan, explain, builder)
  const unknown = `unknown  ${String(explain)}  (not there, or in a folder of which nothing can be chosen)`
  const words = decisions.length > 0 ? decisions.map(builder.formatDecision) : [unknown]
  answer(decisions, [...words, ...lines].map(printable))
}

function decisionsOf(
  plan: ArtifactPlan,
  explain: string | true,
  { explainPlan, explainPath }: Builder,
): readonly PathDecision[] {
  if (explain === true) return explainPlan(plan)
  // A folder of which nothing can be chosen is not looked into: what was decided of it holds for all that is in it.
  for (const path of pathAndFoldersAbove(explain)) {
    const decision = explainPath(plan, path)
    if (decision) return [decision]
  }
  return []
}

/** What the build would throw, all of it at once. */
function refusalsOf(
  { root, plan }: { readonly root: string; readonly plan: ArtifactPlan },
  { artifactErrors }: Builder,
): readonly DeployError[] {
  const { missingPackages: packages, unmatched: globs, refused: entries } = plan
  return [
    ...(packages.length > 0 ? [artifactErrors.ARTIFACT_NPM_PACKAGE_MISSING({ root, packages })] : []),
    ...(globs.length > 0 ? [artifactErrors.ARTIFACT_INCLUDE_UNMATCHED({ root, globs })] : []),
    ...(entries.length > 0 ? [artifactErrors.ARTIFACT_ENTRY_REFUSED({ root, entries })] : []),
  ]
}
