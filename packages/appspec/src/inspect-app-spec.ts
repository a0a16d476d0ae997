import { checkOptions, coreErrors, describeValue } from '@fairlead/core'
import { agentProfiles, type AgentProfile, type AppSpec, type AppSpecFinding } from './model.ts'
import { readAppSpec } from './plan/read-app-spec.ts'
import { readYaml } from './ports/yaml-text.ts'

export interface InspectAppSpecOptions {
  /** Whose reading it is. Default `official-2`. */
  readonly agent?: AgentProfile | undefined
  /** The system of the host; an agent before 2.0 refuses another one. Default: both are taken. */
  readonly hostOs?: AppSpec['os'] | undefined
}

export interface AppSpecInspection {
  /** What the agent works with until it comes to a finding of Install; `undefined` where it refuses the file. */
  readonly spec: AppSpec | undefined
  /** In the order in which the agent looks, so that the first error is the one that it names. */
  readonly findings: readonly AppSpecFinding[]
  /** The events that the hooks name, also those without a script. */
  readonly events: readonly string[]
}

/**
 * Everything that an agent on a host makes of an appspec.yml, for programs that act as one. Never throws for a finding.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function inspectAppSpec(text: string, options: InspectAppSpecOptions = {}): AppSpecInspection {
  checkOptions('inspectAppSpec', options, ['agent', 'hostOs'])
  const { agent = 'official-2', hostOs } = options
  requireAgent('inspectAppSpec', agent)
  const { spec, findings, events } = readAppSpec(readYaml(text), { agent, hostOs })
  return { spec, findings, events }
}

/** @throws INVALID_OPTION */
export function requireAgent(verb: string, agent: AgentProfile): void {
  if (agentProfiles.includes(agent)) return
  const expected = agentProfiles.map((profile) => JSON.stringify(profile)).join(' or ')
  throw coreErrors.INVALID_OPTION({ verb, option: 'agent', given: describeValue(agent), expected })
}
