import { createHash } from 'node:crypto'
import { basename, dirname, join, resolve } from 'node:path'
import { coreErrors } from '@fairlead/core'
import type { CheckedBuildOptions, CheckedPlanOptions } from './build-options.ts'
import { artifactErrors } from './errors.ts'
import { entryTimeMs } from './limits.ts'
import type { PlanArtifactOptions, PlannedEntry } from './model.ts'
import { checkArchiverName } from './plan/archiver-names.ts'
import {
  chooseEntries,
  chooses,
  eachPlanned,
  type ChosenEntries,
  type Listing,
  type PlannedEntries,
  type Selection,
} from './plan/choose-entries.ts'
import type { IgnoreFile } from './plan/ignore-rules.ts'
import { chooseAsKept, fingerprintChoice, type KeptChoice } from './plan/kept-choice.ts'
import { parseNpmLock, workspacesOf } from './plan/production-dependencies.ts'
import { contentBytesOf, digestListing, entriesOf, type TreeListing } from './plan/tree-listing.ts'
import { compileSelection, foldersToList } from './ports/globs.ts'
import { readCommittedTree, readCommitTimeMs, type CommittedTree } from './ports/git-tree.ts'
import { readIgnoreFiles } from './ports/ignore-files.ts'
import type { Lane } from './ports/lanes/pool.ts'
import { checkOutput, pathsBelow } from './ports/output-file.ts'
import { findRootFile, listTree, readBirth, readRoot } from './ports/tree.ts'
import { requireDeployable, type DeployableFacts } from './require-app-spec.ts'
import { version } from './version.ts'
import { waitForBoth } from './wait-for-both.ts'

/** What decides, as it was read. */
export interface BuildInputs {
  /** Real path of the folder. */
  readonly root: string
  /** Absolute path of the artifact. */
  readonly output: string | undefined
  /** The output, and a temporary name of it, as paths below root; none where they lie elsewhere. */
  readonly outputsBelow: readonly string[]
  readonly application: string
  readonly choice: PlanArtifactOptions
  readonly listing: TreeListing
  readonly listingDigest: ReturnType<typeof digestListing>
  readonly tree: CommittedTree
}

/** All that is known before a file is read. */
interface GatheredPlan<Entries extends PlannedEntries = PlannedEntries> extends BuildInputs, ChosenEntries<Entries> {
  readonly selection: Selection
}

/** All that a build knows before it reads a file. */
export interface PreparedBuild extends GatheredPlan {
  /** Of all that the plan follows from; `undefined` where no later build may take it over. */
  readonly choiceFingerprint: string | undefined
  readonly output: string
  /** Of files' contents and links' targets. */
  readonly contentBytes: number
  /** What CodeDeploy's agent would say of it; undefined where nobody asked. */
  readonly deployable: DeployableFacts | undefined
  /** The time that every entry has. */
  readonly timeMs: number
}

interface Means {
  readonly lanes: readonly Lane[]
  readonly signal: AbortSignal | undefined
}

/** Decides what goes in, and refuses what can be refused before a file is read. */
export async function prepareBuild(
  inputs: BuildInputs,
  options: CheckedBuildOptions,
  { kept, signal }: { readonly kept: KeptChoice | undefined; readonly signal: AbortSignal | undefined },
): Promise<PreparedBuild> {
  const { root, tree } = inputs
  const chosen = await chooseOnceMore(inputs, options, kept)
  const { plan, selection } = chosen
  if (options.cache !== undefined) await requireCacheOutside(root, resolve(options.cache), selection)
  requirePlan(root, plan)
  const deployable = options.requireAppSpec ? await requireDeployable(root, [...eachPlanned(plan.entries)]) : undefined
  const timeMs = options.timestamps === 'commit' ? await readCommitTimeMs(root, tree.commit, signal) : entryTimeMs
  return {
    ...inputs,
    ...chosen,
    output: resolve(options.output),
    contentBytes: contentBytesOf(inputs.listing, chosen.rows),
    deployable,
    timeMs,
  }
}

/** What is being read of a tree, and what is known of it so far. */
export interface Gathering {
  readonly application: string
  readonly tree: Promise<CommittedTree>
  /** All of it; fails where the tree does. */
  readonly inputs: Promise<BuildInputs>
}

/** Looks at root, and begins to list it and to read the commit. */
export async function startGathering(options: CheckedPlanOptions, { lanes, signal }: Means): Promise<Gathering> {
  const { include, exclude, tracked, map } = options
  const root = await readRoot(resolve(options.root))
  const output = options.output === undefined ? undefined : resolve(options.output)
  if (output !== undefined) await checkOutput(output)
  const application = options.application ?? (await readApplication(root, options.verb))
  const npmDependencies = await readNpmDependencies(root, options.npmWorkspaces)
  const choice = { include, exclude, tracked, map, npmDependencies }
  const list = async (selection: Selection) => listTree(root, foldersToList(selection), lanes)
  // Only what the commit tracks decides which folders are worth listing; nothing else waits for git.
  const selection = tracked ? undefined : compileSelection(choice)
  const tree = readCommittedTree(root, signal)
  const finish = async (): Promise<BuildInputs> => {
    const [listing, committed] = selection
      ? await waitForBoth(list(selection), tree)
      : await listTracked(tree, choice, list)
    const outputsBelow = output === undefined ? [] : await pathsBelow(root, output)
    const listingDigest = digestListing(listing)
    return { root, output, outputsBelow, application, choice, listing, listingDigest, tree: committed }
  }
  return { application, tree, inputs: finish() }
}

/** Looks at root, lists it and reads the commit. */
export async function gatherInputs(options: CheckedPlanOptions, means: Means): Promise<BuildInputs> {
  return (await startGathering(options, means)).inputs
}

/** Decides what goes in. */
export async function choosePlan(
  inputs: BuildInputs,
  options: CheckedPlanOptions,
): Promise<GatheredPlan<readonly PlannedEntry[]>> {
  const { listing, selection } = await compileRules(inputs, options)
  return { ...inputs, selection, ...choose(listing, selection, options) }
}

/** Decides what goes in, as it was decided before where that still holds. */
async function chooseOnceMore(inputs: BuildInputs, options: CheckedBuildOptions, kept: KeptChoice | undefined) {
  const { listing, selection, ignoreFiles } = await compileRules(inputs, options)
  const isCached = options.cache !== undefined
  const choiceFingerprint = isCached ? await fingerprintRules(inputs, options, ignoreFiles) : undefined
  const asKept = kept && kept.fingerprint === choiceFingerprint ? chooseAsKept(inputs.listing, kept) : undefined
  const chosen = asKept ?? choose(listing, selection, options)
  return { selection, ...chosen, choiceFingerprint }
}

/** Compiles all that decides, and refuses an output that would be chosen itself. */
async function compileRules(inputs: BuildInputs, options: CheckedPlanOptions) {
  const { root, output = '', outputsBelow, choice, tree } = inputs
  const { prefix } = tree
  const listing = entriesOf(inputs.listing)
  const ignoreFiles = await readIgnoreFiles(root, options.ignoreFiles, { listing: inputs.listing, prefix })
  const selection = compileSelection({ ...choice, committed: pathsOf(tree), ignoreFiles, prefix })
  const within = outputsBelow.find((path) => chooses(selection, path))
  if (within !== undefined) throw artifactErrors.ARTIFACT_OUTPUT_INSIDE_ROOT({ output, path: within })
  return { listing, selection, ignoreFiles }
}

function choose(listing: Listing, selection: Selection, { engine }: CheckedPlanOptions) {
  return chooseEntries(listing, selection, engine === 'archiver' ? checkArchiverName : undefined)
}

/**
 * Names all that a choice follows from; `undefined` where entries are moved. The folder's own birth is part of it: what a
 * CI server restores could be anybody's, and must not say what goes in, unless it is signed.
 */
async function fingerprintRules(
  { root, choice, tree, listingDigest }: BuildInputs,
  { engine, cacheKey }: CheckedBuildOptions,
  ignoreFiles: readonly IgnoreFile[],
): Promise<string | undefined> {
  if ((choice.map ?? []).length > 0) return undefined
  const place = cacheKey === undefined ? { root, birth: await readBirth(root) } : undefined
  const rules = { version, place, choice, engine, ignoreFiles, prefix: tree.prefix }
  return fingerprintChoice({ ...rules, committed: pathsOf(tree) }, listingDigest.names)
}

/**
 * Names all that an artifact depends on, the files by their states; `undefined` where some of it lies outside of what was
 * read: ignore files above root.
 */
export function fingerprintInputs(inputs: BuildInputs, options: CheckedBuildOptions): string | undefined {
  const { root, output, outputsBelow, application, listingDigest, tree } = inputs
  if (options.ignoreFiles.length > 0 && tree.prefix !== '') return undefined
  // How it is built decides nothing.
  const { workers: _workers, cache: _cache, maxCacheBytes: _maxCacheBytes, cacheKey: _cacheKey, ...others } = options
  const { output: _output, ...deciding } = others
  // An output that lies elsewhere cannot become a part of itself.
  const place = outputsBelow.length > 0 ? output : 'elsewhere'
  return createHash('sha256')
    .update(JSON.stringify([version, root, place, application, deciding, tree]))
    .update(listingDigest.states)
    .digest('hex')
}

async function listTracked(
  reading: Promise<CommittedTree>,
  choice: PlanArtifactOptions,
  list: (selection: Selection) => Promise<TreeListing>,
): Promise<readonly [TreeListing, CommittedTree]> {
  const tree = await reading
  return [await list(compileSelection({ ...choice, committed: pathsOf(tree) })), tree]
}

/** A submodule that is not checked out is tracked too, and is told of where the commit is compared. */
function pathsOf({ entries, unknownSubmodules }: CommittedTree): readonly string[] {
  return [...entries.map(({ path }) => path), ...unknownSubmodules]
}

async function readNpmDependencies(
  root: string,
  workspaces: readonly string[] | undefined,
): Promise<PlanArtifactOptions['npmDependencies']> {
  if (workspaces === undefined) return undefined
  // npm reads a shrinkwrap where there are both. https://docs.npmjs.com/cli/configuring-npm/npm-shrinkwrap-json
  for (const name of ['npm-shrinkwrap.json', 'package-lock.json']) {
    const text = await findRootFile(root, name)
    if (text === undefined) continue
    const lock = parseNpmLock(text, { record: name, from: root })
    const known = workspacesOf(lock)
    const workspace = workspaces.find((folder) => !known.includes(folder))
    if (workspace === undefined) return { lock, workspaces }
    throw artifactErrors.ARTIFACT_NPM_WORKSPACE_MISSING({ root, workspace, known })
  }
  throw artifactErrors.ARTIFACT_NPM_LOCK_MISSING({ root })
}

async function requireCacheOutside(root: string, cache: string, selection: Selection): Promise<void> {
  const file = join(cache, 'some.index')
  const path = (await pathsBelow(root, file)).find((below) => chooses(selection, below))
  if (path !== undefined) throw artifactErrors.ARTIFACT_CACHE_INSIDE_ROOT({ cache, path: dirname(path) })
}

/** The name in package.json without its scope, else that of the folder. */
async function readApplication(root: string, verb: string): Promise<string> {
  const text = await findRootFile(root, 'package.json')
  const name = text === undefined ? undefined : packageName(root, text)
  const application = name ?? basename(root)
  if (application !== '') return application
  throw coreErrors.INVALID_OPTION({
    verb,
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

function requirePlan(root: string, { unmatched, refused, missingPackages }: ChosenEntries['plan']): void {
  if (missingPackages.length > 0) {
    throw artifactErrors.ARTIFACT_NPM_PACKAGE_MISSING({ root, packages: missingPackages })
  }
  if (unmatched.length > 0) throw artifactErrors.ARTIFACT_INCLUDE_UNMATCHED({ root, globs: unmatched })
  if (refused.length > 0) throw artifactErrors.ARTIFACT_ENTRY_REFUSED({ root, entries: refused })
}
