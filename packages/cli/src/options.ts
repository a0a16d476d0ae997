import type { ArtifactStore, Target } from '@fairlead/core'
import type { Command } from 'commander'
import { cliErrors } from './errors.ts'

/** `--store`: loads only the store that the address names. */
export async function openStore(address: string): Promise<ArtifactStore> {
  const { folderStore, s3Store } = await import('@fairlead/s3-publisher')
  const s3 = /^s3:\/\/([^/]+)(?:\/(.*?))?\/?$/.exec(address)
  if (s3) return s3Store({ bucket: s3[1] ?? '', ...(s3[2] ? { prefix: s3[2] } : {}) })
  if (/^[a-z][a-z0-9+.-]*:/i.test(address)) throw cliErrors.STORE_ADDRESS_INVALID({ given: address })
  return folderStore(address)
}

/** `--target application/deployment-group`. */
export function parseTargetOption(given: string, region: string | undefined): Target {
  const match = /^([^/]+)\/([^/]+)$/.exec(given)
  if (!match) throw cliErrors.TARGET_INVALID({ given })
  const [, application = '', deploymentGroup = ''] = match
  return region === undefined ? { application, deploymentGroup } : { region, application, deploymentGroup }
}

/** `NAME=VALUE` arguments as an object. */
export function parseAssignments(
  given: readonly string[] | undefined,
  form: string,
  { emptyAllowed = false }: { readonly emptyAllowed?: boolean } = {},
): Record<string, string> {
  return Object.fromEntries(
    (given ?? []).map((assignment) => {
      const at = assignment.indexOf('=')
      if (at < 1 || (at === assignment.length - 1 && !emptyAllowed))
        throw cliErrors.ASSIGNMENT_INVALID({ given: assignment, form })
      return [assignment.slice(0, at), assignment.slice(at + 1)]
    }),
  )
}

/** Options that mean something only together: one alone would be left out without a word. */
export function requireTogether(options: Readonly<Record<string, string | undefined>>): void {
  const [given, missing] = [true, false].map((wanted) =>
    Object.keys(options).find((name) => (options[name] !== undefined) === wanted),
  )
  if (given !== undefined && missing !== undefined) throw cliErrors.OPTION_ALONE({ given, missing })
}

/** An option object without the keys that were not given: a verb refuses keys that it does not have, not missing ones. */
export function given<T extends Record<string, unknown>>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

export function storeOption(command: Command): Command {
  return command.requiredOption('--store <address>', 's3://bucket/prefix, or the path of a folder')
}

export function targetOption(command: Command): Command {
  return command
    .requiredOption('--target <application/group>', 'application and deployment group')
    .option('--region <region>', 'region of the target; default: that of the environment')
}
