import { basename, resolve } from 'node:path'
import { coreErrors } from '@fairlead/core'
import type { CheckedBuildOptions } from './build-options.ts'
import { artifactErrors } from './errors.ts'
import type { ArtifactPlan } from './model.ts'
import { chooseEntries, chooses, type Selection } from './plan/choose-entries.ts'
import { compileSelection, foldersToList } from './ports/globs.ts'
import { readCommittedTree, type CommittedTree } from './ports/git-tree.ts'
import type { Lane } from './ports/lanes/pool.ts'
import { checkOutput, pathsBelow } from './ports/output-file.ts'
import { findRootFile, listTree, readRoot } from './ports/tree.ts'
import { requireAppSpecEntry } from './require-app-spec.ts'

/** All that a build knows before it reads a file. */
export interface PreparedBuild {
  /** Real path of the folder. */
  readonly root: string
  /** Absolute path of the artifact. */
  readonly output: string
  readonly application: string
  readonly selection: Selection
  readonly plan: ArtifactPlan
  readonly tree: CommittedTree
}

/** Looks at root, lists it, reads the commit, decides what goes in, and refuses what can be refused by then. */
export async function prepareBuild(
  options: CheckedBuildOptions,
  { lanes, signal }: { readonly lanes: readonly Lane[]; readonly signal: AbortSignal | undefined },
): Promise<PreparedBuild> {
  const { include, exclude, requireAppSpec } = options
  const root = await readRoot(resolve(options.root))
  const output = resolve(options.output)
  const selection = compileSelection(include, exclude)
  await requireOutputOutside(root, output, selection)
  const application = options.application ?? (await readApplication(root))
  const plan = chooseEntries(await listTree(root, foldersToList(include, exclude), lanes), selection)
  requirePlan(root, plan)
  if (requireAppSpec) requireAppSpecEntry(root, plan.entries)
  const tree = await readCommittedTree(root, signal)
  return { root, output, application, selection, plan, tree }
}

async function requireOutputOutside(root: string, output: string, selection: Selection): Promise<void> {
  await checkOutput(output)
  const path = (await pathsBelow(root, output)).find((below) => chooses(selection, below))
  if (path !== undefined) throw artifactErrors.ARTIFACT_OUTPUT_INSIDE_ROOT({ output, path })
}

/** The name in package.json without its scope, else that of the folder. */
async function readApplication(root: string): Promise<string> {
  const text = await findRootFile(root, 'package.json')
  const name = text === undefined ? undefined : packageName(root, text)
  const application = name ?? basename(root)
  if (application !== '') return application
  throw coreErrors.INVALID_OPTION({
    verb: 'buildArtifact',
    option: 'application',
    given: 'missing',
    expected: `a name, since neither package.json nor the folder ${root} has one`,
  })
}

function packageName(root: string, text: string): string | undefined {
  try {
    const { name } = JSON.parse(text) as { readonly name?: unknown }
    return typeof name === 'string' && name !== '' ? name.replace(/^@[^/]*\//, '') : undefined
  } catch (error) {
    throw coreErrors.INVALID_RECORD(
      { record: 'package.json', path: 'the value', given: `${text.length} characters`, expected: 'JSON', from: root },
      { cause: error },
    )
  }
}

function requirePlan(root: string, { unmatched, refused }: ArtifactPlan): void {
  if (unmatched.length > 0) throw artifactErrors.ARTIFACT_INCLUDE_UNMATCHED({ root, globs: unmatched })
  if (refused.length > 0) throw artifactErrors.ARTIFACT_ENTRY_REFUSED({ root, entries: refused })
}
