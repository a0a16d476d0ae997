import { checkOptions } from '@fairlead/core'
import { appSpecErrors } from './errors.ts'
import { renderText } from './plan/render-text.ts'
import { findScalars } from './ports/yaml-text.ts'

export interface RenderAppSpecOptions {
  /** The values by name. Every one must be used, and every name in the text must be here. */
  readonly variables: Readonly<Record<string, string>>
}

/**
 * Puts values for `$(NAME)` into the keys and values of an appspec.yml, before it goes into a bundle: the agent knows no
 * variables. A value stays a value whatever it holds, since a text that was filled in is written in quotes; `$$(` stands
 * for `$(` itself. Comments and all other text stay as they are.
 *
 * @throws APPSPEC_VARIABLES with every name that has no value or is not used
 * @throws UNKNOWN_OPTION
 */
export function renderAppSpec(text: string, options: RenderAppSpecOptions): string {
  checkOptions('renderAppSpec', options, ['variables'])
  const { text: rendered, missing, unused } = renderText(text, findScalars(text), options.variables)
  if (missing.length > 0 || unused.length > 0) throw appSpecErrors.APPSPEC_VARIABLES({ missing, unused })
  return rendered
}
