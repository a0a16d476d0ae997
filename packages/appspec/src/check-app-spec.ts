import { checkOptions } from '@fairlead/core'
import { formatAppSpec } from './format-app-spec.ts'
import type { AppSpec, AppSpecFinding, BundleFiles } from './model.ts'
import { checkBundle } from './plan/check-bundle.ts'
import { inOrder } from './plan/order.ts'
import { readAppSpec } from './plan/read-app-spec.ts'
import { readYaml } from './ports/yaml-text.ts'

export interface CheckAppSpecOptions {
  /** The files of the bundle; sources and scripts are then looked up in it. Default: they are not. */
  readonly bundle?: BundleFiles | undefined
}

/**
 * Everything that is wrong with an appspec.yml, and everything that the agent accepts and its author would regret, in
 * the order of the file. An empty answer is a clean file. Never throws for a finding.
 *
 * @param subject the text of the file, or a value, whose places are then those of its text by `formatAppSpec`
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function checkAppSpec(subject: string | AppSpec, options: CheckAppSpecOptions = {}): AppSpecFinding[] {
  checkOptions('checkAppSpec', options, ['bundle'])
  const text = typeof subject === 'string' ? subject : formatAppSpec(subject)
  const { findings, references } = readAppSpec(readYaml(text))
  const { bundle } = options
  return inOrder([...findings, ...(bundle ? checkBundle(references, bundle) : [])])
}
