import { createHash } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { accountName } from './accounts.ts'
import { toText } from './placeholders.ts'
import type { Expectation } from './vector.ts'

/** The tree in the form of the vectors; of a file, what the expectation says of it: content, or digest and size. */
export function treeOf(folder: string, expected: readonly unknown[]): unknown[] {
  const wishes = new Map((expected as { path: string }[]).map((wish) => [wish.path, wish as Record<string, unknown>]))
  return byPath(walk(folder)).map((path) => {
    const place = join(folder, path)
    const facts = lstatSync(place)
    const mode = (facts.mode & 0o7777).toString(8).padStart(4, '0')
    const owners = {
      ...(facts.uid === process.getuid?.() ? {} : { owner: accountName('passwd', facts.uid) }),
      ...(facts.gid === process.getgid?.() ? {} : { group: accountName('group', facts.gid) }),
    }
    if (facts.isSymbolicLink()) return { path, type: 'symlink', target: readlinkSync(place), ...owners }
    if (facts.isDirectory()) return { path, type: 'dir', mode, ...owners }
    return { path, type: 'file', mode, ...owners, ...contentOf(place, facts.mode, wishes.get(path)) }
  })
}

function contentOf(place: string, mode: number, wish: Record<string, unknown> | undefined): Record<string, unknown> {
  // A file that its owner may not read is opened up for a moment.
  chmodSync(place, mode | 0o400)
  const bytes = readFileSync(place)
  chmodSync(place, mode & 0o7777)
  if (wish && 'sha256' in wish) {
    return { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }
  }
  return wish && !('content' in wish) ? {} : { content: toText(bytes) }
}

export function digestOf(folder: string): NonNullable<Expectation['targetDigest']> {
  const hash = createHash('sha256')
  const paths = byPath(walk(folder))
  let files = 0
  for (const path of paths) {
    const place = join(folder, path)
    const facts = lstatSync(place)
    const mode = (facts.mode & 0o7777).toString(8).padStart(4, '0')
    const content = facts.isFile() ? createHash('sha256').update(readFileSync(place)).digest('hex') : ''
    if (facts.isFile()) files += 1
    hash.update(`${facts.isDirectory() ? 'dir' : facts.isFile() ? 'file' : 'symlink'} ${mode} ${path} ${content}\n`)
  }
  return { entries: paths.length, files, sha256: hash.digest('hex') }
}

/** The files of the agent's own state. */
export function stateOf(folder: string): Record<string, unknown> {
  const names = existsSync(folder) ? readdirSync(folder).sort() : []
  return Object.fromEntries(
    names.map((name) => {
      const text = toText(readFileSync(join(folder, name)))
      if (name.endsWith('-cleanup')) return [name, text.split('\n').slice(0, -1)]
      return [name, name.endsWith('-install.json') ? JSON.parse(text) : text]
    }),
  ) as Record<string, unknown>
}

/** State whose order is not fixed, sorted by its JSON text. */
export function inAnyOrder(state: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const sortedJson = (items: readonly unknown[]) => items.map((item) => stable(item)).sort()
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => {
      if (Array.isArray(value)) return [name, sortedJson(value)]
      const { instructions } = value as { instructions?: unknown[] }
      return [name, instructions ? sortedJson(instructions) : value]
    }),
  )
}

function stable(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value)
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))))
}

export function layoutBelow(root: string): string[] {
  const paths = walk(root).map((path) => (lstatSync(join(root, path)).isDirectory() ? `${path}/` : path))
  return byPath(paths.filter((path) => !path.startsWith('deployment-logs')))
}

/** The lines of a log, `{{no-newline}}` at the end of the last one where it has none. */
export function linesOf(text: string): string[] {
  const stamped = text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '{{timestamp}}')
  if (stamped === '') return []
  return stamped.endsWith('\n') ? stamped.slice(0, -1).split('\n') : `${stamped}{{no-newline}}`.split('\n')
}

/** What the scripts of each event printed of their environment and their folder. */
export function hookFacts(lines: readonly string[]): {
  readonly environment: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly folders: readonly string[]
} {
  const environment: Record<string, Record<string, string>> = {}
  const folders: string[] = []
  let event = ''
  for (const line of lines) {
    event = /LifecycleEvent - (.*)$/.exec(line)?.[1] ?? event
    const [, name, value] = /\[stdout\]ENV ([^=]+)=(.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) (environment[event] ??= {})[name] = value
    const folder = /\[stdout\]CWD (.*)$/.exec(line)?.[1]
    if (folder !== undefined) folders.push(folder)
  }
  return { environment, folders }
}

function walk(folder: string, prefix = ''): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((name) => {
    const path = prefix + name
    const isFolder = lstatSync(join(folder, name)).isDirectory()
    return isFolder ? [path, ...walk(join(folder, name), `${path}/`)] : [path]
  })
}

function byPath(paths: readonly string[]): string[] {
  return [...paths].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
