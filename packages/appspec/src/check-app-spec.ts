import { checkOptions } from '@fairlead/core'
import { formatAppSpec } from './format-app-spec.ts'
import type { AppSpec, AppSpecFinding, BundleFiles } from './model.ts'
import { checkBundle } from './plan/check-bundle.ts'
import { checkName } from './plan/check-name.ts'
import { inOrder } from './plan/order.ts'
import { readAppSpec } from './plan/read-app-spec.ts'
import { readYaml } from './ports/yaml-text.ts'

export interface CheckAppSpecOptions {
  /** The files of the bundle; sources and scripts are then looked up in it. Default: they are not. */
  readonly bundle?: BundleFiles | undefined
  /** The file's path in the bundle. Default: `appspec.yaml` where the bundle holds that and no `appspec.yml`. */
  readonly name?: string | undefined
}

/**
 * Everything that is wrong with an appspec.yml, and everything that the agent accepts and its author would regret, in
 * the order of the file. An empty answer is a clean file. Never throws for a finding.
 *
 * @param subject the text of the file, or a value, whose places are then those of its text by `formatAppSpec`
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function checkAppSpec(subject: string | AppSpec, options: CheckAppSpecOptions = {}): AppSpecFinding[] {
  checkOptions('checkAppSpec', options, ['bundle', 'name'])
  const text = typeof subject === 'string' ? subject : formatAppSpec(subject)
  const { findings, references } = readAppSpec(readYaml(text), { agent: 'official-2' })
  const { bundle, name = nameIn(bundle) } = options
  return inOrder([...checkName(name), ...findings, ...(bundle ? checkBundle(references, bundle) : [])])
}

function nameIn(bundle: BundleFiles = {}): string {
  return 'appspec.yaml' in bundle && !('appspec.yml' in bundle) ? 'appspec.yaml' : 'appspec.yml'
}
