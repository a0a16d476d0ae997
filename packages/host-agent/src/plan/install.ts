import { basename, dirname, resolve } from 'node:path'
import type { AppSpecFile, AppSpecPermission } from '@fairlead/appspec'
import type { FileExistsBehavior } from '../model.ts'
import { failUnknown } from './event-failure.ts'
import { placeOnHost } from './layout.ts'
import { applyPermissions } from './permissions.ts'

/** One line of the plan of Install, in the form of the official agent's `<group>-install.json`. */
export type InstallInstruction =
  | { readonly type: 'mkdir'; readonly directory: string }
  | { readonly type: 'copy'; readonly source: string; readonly destination: string }
  | { readonly type: 'chmod'; readonly mode: string; readonly file: string }
  | { readonly type: 'setfacl'; readonly acl: readonly string[]; readonly file: string }
  | { readonly type: 'semanage'; readonly context: NonNullable<AppSpecPermission['context']>; readonly file: string }
  | { readonly type: 'chown'; readonly owner: string | null; readonly group: string | null; readonly file: string }

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
}

/** The paths on the host whose kind decides the plan. */
export function destinationsOf(sources: readonly InstallSource[], folder: string): ReadonlySet<string> {
  const paths = new Set<string>()
  const add = (destination: string, tree: SourceTree): void => {
    paths.add(destination)
    if (tree.kind === 'directory') for (const entry of tree.entries) add(`${destination}/${entry.name}`, entry.tree)
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
  readonly fileExistsBehavior: FileExistsBehavior
  readonly permissions: readonly AppSpecPermission[]
}

/** What Install does after the cleanup, in the official agent's order. Fails where that one refuses. */
export function planInstall(facts: InstallFacts): readonly InstallInstruction[] {
  const { folder, kinds, fileExistsBehavior } = facts
  const kindOf = (path: string) => kinds.get(path) ?? 'missing'
  const instructions: InstallInstruction[] = []
  const copies = new Map<string, string>()
  const folders = new Set<string>()

  const makeFolder = (path: string): void => {
    const directory = resolve(path)
    const source = copies.get(directory)
    if (source !== undefined) throw failUnknown(folderAndFile(directory, source))
    if (folders.has(directory)) return
    folders.add(directory)
    instructions.push({ type: 'mkdir', directory })
  }
  const copy = (source: string, path: string): void => {
    const destination = resolve(path)
    if (kindOf(path) !== 'missing') {
      if (fileExistsBehavior === 'RETAIN') return
      if (fileExistsBehavior === 'DISALLOW') {
        throw failUnknown(
          `The deployment failed because a specified file already exists at this location: ${destination}`,
        )
      }
    }
    const other = copies.get(destination)
    if (other !== undefined) {
      throw failUnknown(
        `The deployment failed because the application specification file specifies two source files named ${other} and ${source} for the same destination (${destination}). Remove one of the source file paths from the AppSpec file, and then try again.`,
      )
    }
    if (folders.has(destination)) throw failUnknown(folderAndFile(destination, source))
    copies.set(destination, source)
    instructions.push({ type: 'copy', source, destination })
  }
  const copyTree = (source: string, destination: string, tree: SourceTree): void => {
    if (tree.kind === 'file') return copy(source, destination)
    if (kindOf(destination) !== 'directory') makeFolder(destination)
    for (const { name, tree: child } of tree.entries) copyTree(`${source}/${name}`, `${destination}/${name}`, child)
  }

  for (const source of facts.sources) {
    const destination = destinationOf(source, folder)
    // The ancestors are taken as they are written, dots and all: the official agent stumbles over `a/../b` the same way.
    const missing = ancestorsOf(destination).filter((path) => kindOf(path) === 'missing')
    for (const path of missing.reverse()) makeFolder(path)
    copyTree(source.path, destination, source.tree)
  }
  const placed = facts.permissions.map((rule) => ({ ...rule, object: resolve(placeOnHost(folder, rule.object)) }))
  return [
    ...instructions,
    ...applyPermissions(placed, {
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
  return lines.filter((line) => line !== '').reverse()
}

function destinationOf({ file, path, tree }: InstallSource, folder: string): string {
  const destination = placeOnHost(folder, file.destination)
  return tree.kind === 'directory' ? destination : `${destination}/${basename(path)}`
}

/** Nearest first, the root left out. */
function ancestorsOf(path: string): string[] {
  const ancestors: string[] = []
  for (let parent = dirname(path); parent !== dirname(parent); parent = dirname(parent)) ancestors.push(parent)
  return ancestors
}

function folderAndFile(path: string, source: string): string {
  return `The deployment failed because the application specification file includes an mkdir command more than once for the same destination path (${path}) from (${source}). Update the files section of the AppSpec file, and then try again.`
}
