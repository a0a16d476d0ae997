import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from './cases.ts'
import { build } from './contenders.ts'

/** What is packed or unpacked, round by round. */
export interface Subjects {
  /** Before the first round; what a cache is filled with. */
  readonly first: string
  readonly next: (round: number) => string
}

/** The tree as it is, each time. */
export function theTree({ tree }: Place): Subjects {
  return { first: tree, next: () => tree }
}

/** A copy, in which one file of each hundred changes before each round. */
export function treeThatChanges({ tree, folder }: Place): Subjects {
  const copy = copyTree(tree, join(folder, 'copy'))
  letSettle()
  return {
    first: copy,
    next: (round) => {
      changeOnePercent(copy, round)
      letSettle()
      return copy
    },
  }
}

/**
 * A file that was changed within two seconds before it is read is read once more by the build after that one, as racily
 * clean: a round would be about two files of a hundred.
 */
function letSettle(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000)
}

/**
 * A new copy for each round: other inodes and times, as of a clone on a CI server, the same bytes. It is on the disk before
 * the round, and the one before is gone: otherwise whoever comes first in a round runs while it is written, and each round
 * has less memory than the one before.
 */
export function treeThatIsCloned({ tree, folder }: Place): Subjects {
  const cloneOf = (round: number) => join(folder, `clone-${round}`)
  return {
    first: tree,
    next: (round) => {
      rmSync(cloneOf(round - 1), { recursive: true, force: true })
      const clone = copyTree(tree, cloneOf(round))
      execFileSync('sync')
      return clone
    },
  }
}

/** The zip that ours makes of the tree. */
export function packed({ tree, folder }: Place): Subjects {
  const output = join(folder, 'packed.zip')
  const [program, ...args] = build().command({ subject: tree, output, cache: folder })
  execFileSync(program, args)
  return { first: output, next: () => output }
}

function copyTree(tree: string, copy: string): string {
  execFileSync('cp', ['-r', '-P', tree, copy])
  return copy
}

/** Tracked files stay as they are: an artifact of a tree that differs from its commit is refused. */
function changeOnePercent(tree: string, round: number): void {
  const tracked = new Set(execFileSync('git', ['ls-files', '-z'], { cwd: tree, encoding: 'utf8' }).split('\0'))
  const files = readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name).slice(tree.length + 1))
    .filter((path) => !path.startsWith('.git/') && !tracked.has(path))
    .sort()
  for (const [index, path] of files.entries()) {
    if (index % 100 !== (round * 37) % 100) continue
    const place = join(tree, path)
    writeFileSync(place, Buffer.concat([readFileSync(place), Buffer.from(`\n// change ${round}\n`)]))
  }
}
