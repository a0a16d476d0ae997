import type { AppSpecPermission } from '@fairlead/appspec'
import { isDefaultEntry, normalAccessList } from './access-list.ts'
import { failUnknown } from './event-failure.ts'
import type { InstallContext, InstallInstruction } from './install.ts'

/** A rule of the AppSpec with its object as the instructions name it. */
export interface PlacedPermission extends Omit<AppSpecPermission, 'owner' | 'group'> {
  /** Not text: a number of the AppSpec, at which the agent fails. */
  readonly owner?: string | number | boolean | undefined
  readonly group?: string | number | boolean | undefined
}

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
  rules: readonly PlacedPermission[],
  { files, folders, isFolder }: InstalledPaths,
): readonly InstallInstruction[] {
  const copied = new Set(files)
  const made = new Set(folders)
  const done = new Set<string>()
  return rules.flatMap((rule) => {
    const { object, type } = rule
    if (copied.has(object)) {
      if (!type.includes('file')) return []
      refuseLoneFile(rule)
      refuseDefaultEntries(rule)
      return setAll([object], rule, done)
    }
    if (!made.has(object) && !isFolder(object)) return []
    const matchedFiles = type.includes('file') ? files.filter((path) => reaches(rule, path)) : []
    if (matchedFiles.length > 0) refuseDefaultEntries(rule)
    const matchedFolders = type.includes('directory') ? folders.filter((path) => reaches(rule, path)) : []
    return setAll([...matchedFiles, ...matchedFolders], rule, done)
  })
}

function setAll(paths: readonly string[], rule: PlacedPermission, done: Set<string>): InstallInstruction[] {
  const { mode, context, owner, group } = rule
  // One list for all objects of the rule: what the agent adds to it for one of them stays for the next.
  const acl = rule.acls === undefined ? undefined : normalAccessList(rule.acls)
  return paths.flatMap((file): InstallInstruction[] => {
    if (done.has(file)) {
      throw failUnknown(
        `The deployment failed because the permissions setting for (${file}) is specified more than once in the application specification file. Update the files section of the AppSpec file, and then try again.`,
      )
    }
    done.add(file)
    // The mode comes before the owner, so that the kernel may drop set-uid bits: the official agent's order.
    return [
      ...(mode === undefined ? [] : [{ type: 'chmod', mode: mode.padStart(3, '0'), file } as const]),
      ...(acl === undefined ? [] : [{ type: 'setfacl', acl, file } as const]),
      ...(context === undefined ? [] : [{ type: 'semanage', context: inAgentsWords(context), file } as const]),
      ...(owner === undefined && group === undefined
        ? []
        : [{ type: 'chown', owner: owner ?? null, group: group ?? null, file } as const]),
    ]
  })
}

function inAgentsWords({ name, type, range }: NonNullable<AppSpecPermission['context']>): InstallContext {
  return { user: name ?? null, role: null, type, range }
}

function refuseLoneFile({ object, pattern, except }: PlacedPermission): void {
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

function refuseDefaultEntries({ acls = [] }: PlacedPermission): void {
  if (!acls.some(isDefaultEntry)) return
  throw failUnknown(
    'The deployment failed because the -d parameter has been specified to apply an acl setting to a file. This parameter is supported for directories only. Update the AppSpec file, and then try again.',
  )
}

function reaches({ object, pattern, except }: PlacedPermission, path: string): boolean {
  const base = object.endsWith('/') ? object : `${object}/`
  if (!path.startsWith(base)) return false
  const rest = path.slice(base.length)
  return (pattern === '**' || isOneLevel(rest, pattern)) && !except.some((excluded) => isOneLevel(rest, excluded))
}

/** A name of one level, with `*` for any text; also `**` is no more than that in an exception. */
function isOneLevel(rest: string, pattern: string): boolean {
  if (rest.includes('/')) return false
  const expression = pattern.split('*').map((piece) => piece.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${expression.join('.*')}$`, 's').test(rest)
}
