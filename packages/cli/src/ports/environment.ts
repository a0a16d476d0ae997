import { cliErrors } from '../errors.ts'

/**
 * The value of an environment variable that an option names.
 *
 * @throws VARIABLE_MISSING
 */
export function readVariable(variable: string, option: string): string {
  const value = process.env[variable]
  if (value === undefined || value === '') throw cliErrors.VARIABLE_MISSING({ option, variable: shown(variable) })
  return value
}

/** Somebody may give the secret itself: what is no usual name of a variable, or as long as a key, is not repeated. */
function shown(variable: string): string {
  return /^[A-Z_][A-Z0-9_]*$/.test(variable) && variable.length < 32 ? variable : 'a variable (not repeated here)'
}
