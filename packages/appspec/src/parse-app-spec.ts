import { checkOptions } from '@fairlead/core'
import { appSpecErrors } from './errors.ts'
import { requireAgent } from './inspect-app-spec.ts'
import type { AgentProfile, AppSpec } from './model.ts'
import { inOrder } from './plan/order.ts'
import { readAppSpec } from './plan/read-app-spec.ts'
import { readYaml } from './ports/yaml-text.ts'

export interface ParseAppSpecOptions {
  /** Whose reading it is. They differ in unquoted modes: 1.8 turns 0644 into the mode 420. Default `official-2`. */
  readonly agent?: AgentProfile | undefined
}

/**
 * Reads an appspec.yml as CodeDeploy's agent on a host does. What the agent accepts and its author regrets is told by
 * {@link checkAppSpec}.
 *
 * @throws APPSPEC_INVALID with every defect, its line, its column and its cure
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function parseAppSpec(text: string, options: ParseAppSpecOptions = {}): AppSpec {
  checkOptions('parseAppSpec', options, ['agent'])
  const { agent = 'official-2' } = options
  requireAgent('parseAppSpec', agent)
  const { spec, findings } = readAppSpec(readYaml(text), { agent })
  const defects = findings.filter(({ severity }) => severity === 'error')
  if (!spec || defects.length > 0) throw appSpecErrors.APPSPEC_INVALID({ defects: inOrder(defects) })
  return spec
}
