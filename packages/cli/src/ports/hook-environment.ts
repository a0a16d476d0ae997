import { cliErrors } from '../errors.ts'

/** What CodeDeploy's agent tells every hook of its deployment (user guide, "Environment variable availability for hooks"). */
const variables = { application: 'APPLICATION_NAME', group: 'DEPLOYMENT_GROUP_NAME' } as const

/**
 * Fills `{application}` and `{group}` in the name of a secret from the environment of a hook.
 *
 * @throws PLACEHOLDER_UNKNOWN, NOT_IN_A_HOOK
 */
export function fillFromHook(name: string): string {
  return name.replaceAll(/\{([^{}]*)\}/g, (placeholder, word: string) => {
    if (!Object.hasOwn(variables, word)) throw cliErrors.PLACEHOLDER_UNKNOWN({ given: name, placeholder })
    const variable = variables[word as keyof typeof variables]
    const value = process.env[variable]
    if (value === undefined || value === '') throw cliErrors.NOT_IN_A_HOOK({ given: name, variable })
    return value
  })
}
