import { cliErrors } from '../errors.ts'

/**
 * The value of an environment variable that an option names.
 *
 * @throws VARIABLE_MISSING
 */
export function readVariable(variable: string, option: string): string {
  const value = process.env[variable]
  if (value === undefined || value === '') throw cliErrors.VARIABLE_MISSING({ option, variable })
  return value
}
