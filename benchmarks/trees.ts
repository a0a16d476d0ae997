/**
 * The trees that are measured: real packages of npm, whose versions `trees/<name>/package-lock.json` pins.
 *
 * `node --import tsx benchmarks/trees.ts [big] [small]` makes them and prints what is in them.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** `big`: a large application with its dependencies. `small`: a service with a few. */
export const treeNames = ['big', 'small'] as const
export type TreeName = (typeof treeNames)[number]

/** What is in a tree; git's own folder is not counted. */
export interface TreeFigures {
  readonly files: number
  readonly folders: number
  readonly links: number
  readonly contentBytes: number
  readonly medianFileBytes: number
  readonly largestFileBytes: number
}

/** The folder of the trees. FAIRLEAD_BENCH_TREES moves it. Default: `build/trees` of the repository. */
export function treesFolder(): string {
  return resolve(process.env['FAIRLEAD_BENCH_TREES'] ?? join(import.meta.dirname, '../build/trees'))
}

/** Makes a tree unless it is there already, and answers where it is. */
export function makeTree(name: TreeName): string {
  const folder = join(treesFolder(), name)
  if (isMade(folder, name)) return folder
  const unfinished = `${folder}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  installPackages(unfinished, name)
  commitManifest(unfinished)
  rmSync(folder, { recursive: true, force: true })
  renameSync(unfinished, folder)
  return folder
}

function isMade(folder: string, name: TreeName): boolean {
  const lock = join(folder, 'package-lock.json')
  return existsSync(lock) && readFileSync(lock).equals(readFileSync(join(manifestFolder(name), 'package-lock.json')))
}

function manifestFolder(name: TreeName): string {
  return join(import.meta.dirname, 'trees', name)
}

/** Optional packages are left out: they are the binaries of one platform, and the tree should be the same on each. */
function installPackages(folder: string, name: TreeName): void {
  mkdirSync(folder, { recursive: true })
  cpSync(manifestFolder(name), folder, { recursive: true })
  const options = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', ['ci', ...options], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  // npm's own note of what it installed, and whence.
  rmSync(join(folder, 'node_modules/.package-lock.json'), { force: true })
  rmSync(join(folder, '.npmrc'))
}

/** An artifact belongs to a commit. The packages stay untracked, as what a build makes does. */
function commitManifest(folder: string): void {
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: folder, stdio: 'inherit' })
  git('init', '--quiet', '--initial-branch=main', '--template=')
  git('add', 'package.json')
  git(
    ...['-c', 'user.name=Benchmark', '-c', 'user.email=benchmark@example.com', '-c', 'commit.gpgsign=false'],
    ...['commit', '--quiet', '--message', 'The packages'],
  )
}

/** Counts what is in a tree. */
export function measureTree(folder: string): TreeFigures {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    ({ name, parentPath }) => !join(parentPath, name).slice(folder.length).startsWith('/.git'),
  )
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => lstatSync(join(parentPath, name)).size)
    .sort((a, b) => a - b)
  return {
    files: sizes.length,
    folders: entries.filter((entry) => entry.isDirectory()).length,
    links: entries.filter((entry) => entry.isSymbolicLink()).length,
    contentBytes: sizes.reduce((sum, size) => sum + size, 0),
    medianFileBytes: sizes[sizes.length >> 1] ?? 0,
    largestFileBytes: sizes.at(-1) ?? 0,
  }
}

if (process.argv[1] === import.meta.filename) {
  const wanted = process.argv.slice(2)
  for (const name of treeNames.filter((name) => wanted.length === 0 || wanted.includes(name))) {
    const folder = makeTree(name)
    console.log(folder, measureTree(folder))
  }
}
