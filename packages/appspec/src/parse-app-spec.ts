import { checkOptions, coreErrors, describeValue } from '@fairlead/core'
import { appSpecErrors } from './errors.ts'
import { agentProfiles, type AgentProfile, type AppSpec } from './model.ts'
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
  if (!agentProfiles.includes(agent)) {
    const expected = agentProfiles.map((profile) => JSON.stringify(profile)).join(' or ')
    throw coreErrors.INVALID_OPTION({ verb: 'parseAppSpec', option: 'agent', given: describeValue(agent), expected })
  }
  const { spec, findings } = readAppSpec(readYaml(text), agent)
  if (!spec) {
    const defects = findings.filter(({ severity }) => severity === 'error')
    throw appSpecErrors.APPSPEC_INVALID({ defects: inOrder(defects) })
  }
  return spec
}
