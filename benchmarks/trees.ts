/**
 * The trees that are measured: real packages of npm, whose versions `trees/<name>/package-lock.json` pins.
 *
 * `node --import tsx benchmarks/trees.ts [big] [small] [huge]` makes them (`big` and `small` by default) and prints what
 * is in them.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  cpSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join, resolve, sep } from 'node:path'

/** `big`: a large application with its dependencies. `small`: a service with a few. `huge`: one file of 6 GiB. */
const makers = { big: installPackages, small: installPackages, huge: writeHugeFile } as const
export type TreeName = keyof typeof makers

export function isTreeName(name: string): name is TreeName {
  return Object.hasOwn(makers, name)
}

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
  mkdirSync(unfinished, { recursive: true })
  makers[name](unfinished, name)
  commitManifest(unfinished)
  rmSync(folder, { recursive: true, force: true })
  renameSync(unfinished, folder)
  return folder
}

/** Whether it is there and of the versions that are pinned now. */
function isMade(folder: string, name: TreeName): boolean {
  const lock = join(manifestFolder(name), 'package-lock.json')
  if (!existsSync(lock)) return existsSync(folder)
  const made = join(folder, 'package-lock.json')
  return existsSync(made) && readFileSync(made).equals(readFileSync(lock))
}

function manifestFolder(name: TreeName): string {
  return join(import.meta.dirname, 'trees', name)
}

/** Optional packages are left out: they are the binaries of one platform, and the tree should be the same on each. */
function installPackages(folder: string, name: TreeName): void {
  cpSync(manifestFolder(name), folder, { recursive: true })
  const options = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', ['ci', ...options], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  // npm's own note of what it installed, and whence.
  rmSync(join(folder, 'node_modules/.package-lock.json'), { force: true })
  rmSync(join(folder, '.npmrc'))
}

/** A hole for the most part, with a MiB that does not compress in each hundred. */
function writeHugeFile(folder: string): void {
  const mebibyte = 1024 * 1024
  const mebibytes = 6 * 1024
  writeFileSync(join(folder, 'package.json'), '{ "name": "huge" }\n')
  const file = openSync(join(folder, 'huge.bin'), 'w')
  ftruncateSync(file, mebibytes * mebibyte)
  for (let at = 0; at < mebibytes; at += 100) writeSync(file, randomBytes(mebibyte), 0, mebibyte, at * mebibyte)
  closeSync(file)
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
    ({ name, parentPath }) => join(parentPath, name).slice(folder.length).split(sep)[1] !== '.git',
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
  for (const name of wanted.length === 0 ? ['big', 'small'] : wanted) {
    if (!isTreeName(name)) throw new Error(`no tree is called ${name}; there are ${Object.keys(makers).join(', ')}`)
    const folder = makeTree(name)
    console.log(folder, measureTree(folder))
  }
}
