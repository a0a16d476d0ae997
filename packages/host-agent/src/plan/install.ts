import type { AppSpecFile } from '@fairlead/appspec'
import { failUnknown } from './event-failure.ts'
import { expandPath, folderOf, joinPath, nameOf, placeOnHost } from './host-path.ts'
import { applyPermissions, type PlacedPermission } from './permissions.ts'

/** One line of the plan of Install, in the form of the official agent's `<group>-install.json`. */
export type InstallInstruction =
  | { readonly type: 'mkdir'; readonly directory: string }
  | { readonly type: 'copy'; readonly source: string; readonly destination: string }
  | { readonly type: 'chmod'; readonly mode: string; readonly file: string }
  | { readonly type: 'setfacl'; readonly acl: readonly string[]; readonly file: string }
  | { readonly type: 'semanage'; readonly context: InstallContext; readonly file: string }
  | { readonly type: 'chown'; readonly owner: AccountName; readonly group: AccountName; readonly file: string }

/** An SELinux context in the agent's words; without a range it cannot write its plan. */
export interface InstallContext {
  readonly user: string | null
  readonly role: null
  readonly type: string
  readonly range: string | undefined
}

/** Anything but text and `null` is what the agent fails at. */
export type AccountName = string | number | boolean | null

/** A source as it lies in the archive, links to folders followed. */
export type SourceTree =
  | { readonly kind: 'file' }
  | { readonly kind: 'directory'; readonly entries: readonly { readonly name: string; readonly tree: SourceTree }[] }

export type PathKind = 'file' | 'directory' | 'missing'

/** A file entry of the AppSpec with what was found under its source. */
export interface InstallSource {
  readonly file: AppSpecFile
  /** Absolute; not normalised. */
  readonly path: string
  readonly tree: SourceTree
  /** What the agent cannot work with in this entry: it fails when it comes to it. */
  readonly defect?: string | undefined
}

/** The paths on the host whose kind decides the plan, as they are written. */
export function destinationsOf(sources: readonly InstallSource[], folder: string): ReadonlySet<string> {
  const paths = new Set<string>()
  const add = (destination: string, tree: SourceTree): void => {
    paths.add(destination)
    if (tree.kind === 'directory') {
      for (const entry of tree.entries) add(joinPath(destination, entry.name), entry.tree)
    }
  }
  for (const source of sources) {
    const destination = destinationOf(source, folder)
    add(destination, source.tree)
    for (const ancestor of ancestorsOf(destination)) paths.add(ancestor)
  }
  return paths
}

export interface InstallFacts {
  /** The host's folder, below which destinations are placed. */
  readonly folder: string
  readonly sources: readonly InstallSource[]
  /** What is there now, links followed, by the paths of {@link destinationsOf} and the objects of the permissions. */
  readonly kinds: ReadonlyMap<string, PathKind>
  /** Any text: another than the three known ones fails where a file is in the way. */
  readonly fileExistsBehavior: string
  readonly permissions: readonly PlacedPermission[]
}

/** What Install does after the cleanup, in the official agent's order. Fails where that one refuses. */
export function planInstall(facts: InstallFacts): readonly InstallInstruction[] {
  const { folder, kinds, fileExistsBehavior } = facts
  const kindOf = (path: string) => kinds.get(path) ?? 'missing'
  const instructions: InstallInstruction[] = []
  const copies = new Map<string, string>()
  const folders = new Set<string>()

  const makeFolder = (path: string): void => {
    const directory = expandPath(folder, path)
    const source = copies.get(directory)
    if (source !== undefined) {
      throw failUnknown(
        `The deployment failed because the application specification file includes an mkdir command more than once for the same destination path (${directory}) from (${source}). Update the files section of the AppSpec file, and then try again.`,
      )
    }
    if (folders.has(directory)) return
    folders.add(directory)
    instructions.push({ type: 'mkdir', directory })
  }
  const copy = (source: string, path: string): void => {
    if (kindOf(path) !== 'missing') {
      if (fileExistsBehavior === 'RETAIN') return
      if (fileExistsBehavior !== 'OVERWRITE') throw failUnknown(inTheWay(path, fileExistsBehavior))
    }
    const destination = expandPath(folder, path)
    const other = copies.get(destination)
    if (other !== undefined) {
      throw failUnknown(
        `The deployment failed because the application specification file specifies two source files named ${source} and ${other} for the same destination (${destination}). Remove one of the source file paths from the AppSpec file, and then try again.`,
      )
    }
    if (folders.has(destination)) {
      throw failUnknown(
        `The deployment failed because the application specification file calls for installing the file ${source}, but a file with that name already exists at the location (${destination}). Update your AppSpec file or directory structure, and then try again.`,
      )
    }
    copies.set(destination, source)
    instructions.push({ type: 'copy', source, destination })
  }
  const copyTree = (source: string, destination: string, tree: SourceTree): void => {
    if (tree.kind === 'file') return copy(source, destination)
    if (kindOf(destination) !== 'directory') makeFolder(destination)
    for (const entry of tree.entries) {
      copyTree(joinPath(source, entry.name), joinPath(destination, entry.name), entry.tree)
    }
  }

  for (const source of facts.sources) {
    if (source.defect !== undefined) throw failUnknown(source.defect)
    const destination = destinationOf(source, folder)
    // The ancestors are taken as they are written, dots and all: the official agent stumbles over `a/../b` the same way.
    const missing = missingAncestorsOf(destination, kindOf)
    for (const path of missing.reverse()) makeFolder(path)
    copyTree(source.path, destination, source.tree)
  }
  return [
    ...instructions,
    ...applyPermissions(facts.permissions, {
      files: [...copies.keys()],
      folders: [...folders],
      isFolder: (path) => kindOf(path) === 'directory',
    }),
  ]
}

/** The paths to delete before the new files come: what the last Install wrote down, in reverse. */
export function planCleanup(text: string): readonly string[] {
  // A line without end was cut off while it was written: the path in it may be a piece of another.
  const lines = text.split('\n').slice(0, -1)
  return lines
    .map((line) => line.replace(/^[\0\t\v\f\r ]+|[\0\t\v\f\r ]+$/g, ''))
    .filter((line) => line !== '')
    .reverse()
}

function destinationOf({ file, path, tree }: InstallSource, folder: string): string {
  const destination = placeOnHost(folder, file.destination)
  return tree.kind === 'directory' ? destination : joinPath(destination, nameOf(path))
}

/** Nearest first, the root left out. */
function ancestorsOf(path: string): string[] {
  const ancestors: string[] = []
  for (let parent = folderOf(path); parent !== '/' && parent !== '.'; parent = folderOf(parent)) ancestors.push(parent)
  return ancestors
}

/** Nearest first, up to the first that is there. */
function missingAncestorsOf(path: string, kindOf: (path: string) => PathKind): string[] {
  const ancestors = ancestorsOf(path)
  const present = ancestors.findIndex((ancestor) => kindOf(ancestor) !== 'missing')
  return present === -1 ? ancestors : ancestors.slice(0, present)
}

function inTheWay(path: string, fileExistsBehavior: string): string {
  return fileExistsBehavior === 'DISALLOW'
    ? `The deployment failed because a specified file already exists at this location: ${path}`
    : `The deployment failed because an invalid option was specified for fileExistsBehavior: ${fileExistsBehavior}. Valid options include OVERWRITE, RETAIN, and DISALLOW.`
}
