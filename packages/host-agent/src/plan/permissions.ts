import type { AppSpecPermission } from '@fairlead/appspec'
import { failUnknown } from './event-failure.ts'
import type { InstallInstruction } from './install.ts'

export interface InstalledPaths {
  /** Destinations of this Install's copies. */
  readonly files: readonly string[]
  /** Folders that this Install makes. */
  readonly folders: readonly string[]
  readonly isFolder: (path: string) => boolean
}

/**
 * The instructions of the permissions. They reach only what this Install copies or makes; a folder that was there
 * before is left alone without a word, and so is the folder that a rule names.
 */
export function applyPermissions(
  rules: readonly AppSpecPermission[],
  { files, folders, isFolder }: InstalledPaths,
): readonly InstallInstruction[] {
  const copied = new Set(files)
  const made = new Set(folders)
  const done = new Set<string>()
  return rules.flatMap((rule) => {
    const { object } = rule
    if (copied.has(object)) {
      if (!rule.type.includes('file')) return []
      refuseLoneFile(rule)
      return setAll([object], rule, done)
    }
    if (!made.has(object) && !isFolder(object)) return []
    const matched = [...(rule.type.includes('file') ? files : []), ...(rule.type.includes('directory') ? folders : [])]
    return setAll(
      matched.filter((path) => matches(rule, path)),
      rule,
      done,
    )
  })
}

function setAll(paths: readonly string[], rule: AppSpecPermission, done: Set<string>): InstallInstruction[] {
  return paths.flatMap((file): InstallInstruction[] => {
    if (done.has(file)) {
      throw failUnknown(
        `The deployment failed because the permissions setting for (${file}) is specified more than once in the application specification file. Update the files section of the AppSpec file, and then try again.`,
      )
    }
    done.add(file)
    const { mode, acls, context, owner, group } = rule
    // The mode comes before the owner, so that the kernel may drop set-uid bits: the official agent's order.
    return [
      ...(mode === undefined ? [] : [{ type: 'chmod', mode, file } as const]),
      ...(acls === undefined ? [] : [{ type: 'setfacl', acl: acls, file } as const]),
      ...(context === undefined ? [] : [{ type: 'semanage', context, file } as const]),
      ...(owner === undefined && group === undefined
        ? []
        : [{ type: 'chown', owner: owner ?? null, group: group ?? null, file } as const]),
    ]
  })
}

function refuseLoneFile({ object, pattern, except }: AppSpecPermission): void {
  if (pattern !== '**') {
    throw failUnknown(
      `The deployment failed because the application specification file includes an object (${object}) with an invalid pattern (${pattern}), such as a pattern for a file applied to a directory. Correct the permissions section of the AppSpec file, and then try again.`,
    )
  }
  if (except.length > 0) {
    const list = except.map((name) => JSON.stringify(name)).join(', ')
    throw failUnknown(
      `The deployment failed because the except parameter for a pattern in the permissions section ([${list}]) for the object named ${object} contains an invalid format. Update the AppSpec file, and then try again.`,
    )
  }
}

function matches({ object, pattern, except }: AppSpecPermission, path: string): boolean {
  const base = object.endsWith('/') ? object : `${object}/`
  if (!path.startsWith(base)) return false
  const rest = path.slice(base.length)
  return matchesPattern(rest, pattern) && !except.some((excluded) => matchesPattern(rest, excluded))
}

/** `**` is everything; anything else is one level, with `*` for any text. */
function matchesPattern(rest: string, pattern: string): boolean {
  if (pattern === '**') return true
  if (rest.includes('/')) return false
  const expression = pattern.split('*').map((piece) => piece.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${expression.join('.*')}$`, 's').test(rest)
}
