import type { ArtifactPlan, PlannedEntry } from '@fairlead/artifact-builder'

/** What is known of a build before a file is read. */
export interface ReadPlan {
  readonly commit: string
  readonly application: string
  readonly plan: ArtifactPlan
}

/** The lines of a dry run: what goes in, what may surprise, and what would refuse the build, with its cure. */
export function formatPlan(
  { application, commit, plan }: ReadPlan,
  refusals: readonly { readonly code: string; readonly message: string; readonly hint: string }[],
): readonly string[] {
  const { entries, leftOut, warnings } = plan
  const bytes = entries.reduce((sum, entry) => sum + contentBytes(entry), 0)
  return [
    `${application}  commit ${commit}`,
    `${entries.length} entries  ${bytes} bytes  ${leftOut.length} left out`,
    ...warnings.map(
      ({ path, warning, other }) => `warning  ${path}  (${warning}${other === undefined ? '' : ` with ${other}`})`,
    ),
    ...refusals.flatMap(({ code, message, hint }) => [`refused ${code}: ${message}`, `  ${hint}`]),
  ]
}

function contentBytes(entry: PlannedEntry): number {
  if (entry.type === 'directory') return 0
  return entry.type === 'file' ? entry.sizeBytes : new TextEncoder().encode(entry.target).byteLength
}

/** A path as the plan has it, and the folders that it is in, the nearest first. */
export function pathAndFoldersAbove(given: string): readonly string[] {
  const parts = given.split('/').filter((part) => part !== '' && part !== '.')
  return parts.map((_part, index) => parts.slice(0, parts.length - index).join('/'))
}
