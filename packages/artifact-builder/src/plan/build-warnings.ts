import type { AppSpecFinding } from '@fairlead/appspec'
import type { ArtifactEvent, PlanWarning } from '../model.ts'

/** An event `artifact.warned` without its time. */
type BuildWarning = Omit<ArtifactEvent & { readonly type: 'artifact.warned' }, 'at'>

/** What a build tells of what goes in and may surprise: names first, then what CodeDeploy's agent takes otherwise. */
export function buildWarnings(
  names: readonly PlanWarning[],
  findings: readonly AppSpecFinding[],
): readonly BuildWarning[] {
  const type = 'artifact.warned'
  return [
    ...names.map(({ path, warning, other }) => {
      const isTwin = warning === 'name-collision'
      const words = isTwin ? `and ${other} are one name on macOS and Windows` : 'is a name that Windows cannot have'
      return { type, summary: `${path} ${words}`, warning, path } as const
    }),
    ...findings.map(({ rule, line, message }) => {
      const path = 'appspec.yml'
      return { type, summary: `${path}:${line} ${message}`, warning: rule, path } as const
    }),
  ]
}
