import { appSpecErrors } from './errors.ts'
import type { AppSpec } from './model.ts'
import { inOrder } from './plan/order.ts'
import { readAppSpec } from './plan/read-app-spec.ts'
import { readYaml } from './ports/yaml-text.ts'

/**
 * Reads an appspec.yml as CodeDeploy's agent on a host does. What the agent accepts and its author regrets is told by
 * {@link checkAppSpec}.
 *
 * @throws APPSPEC_INVALID with every defect, its line, its column and its cure
 */
export function parseAppSpec(text: string): AppSpec {
  const { spec, findings } = readAppSpec(readYaml(text))
  if (!spec)
    throw appSpecErrors.APPSPEC_INVALID({ defects: inOrder(findings.filter(({ severity }) => severity === 'error')) })
  return spec
}
