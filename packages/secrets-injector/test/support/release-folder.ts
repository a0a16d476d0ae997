import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileContent } from '../../src/commit-files.ts'
import { secretFileMode } from '../../src/limits.ts'

/** One generation of a set of files: half of them new to the folder, half replacing others. */
export function generation(word: string): readonly FileContent[] {
  return ['.env.local', 'config/jwt/private.pem', 'config/token', 'new/folder/key'].map((path) => ({
    path,
    bytes: Buffer.from(`${word} ${path} ${word}\n`),
  }))
}

/** A folder as a release has it: an old environment file and token, another file that is nobody's business. */
export function prepareFolder(folder: string): void {
  mkdirSync(join(folder, 'config/jwt'), { recursive: true })
  writeFileSync(join(folder, 'composer.json'), '{}')
  for (const { path, bytes } of generation('old').filter(({ path }) => !path.startsWith('new/'))) {
    writeFileSync(join(folder, path), bytes, { mode: 0o640 })
  }
}

/** Every file below a folder, with what identifies it, or with its content alone. */
export function snapshot(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory())
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const { mode, ino, uid, gid } = lstatSync(path)
      return [path.slice(folder.length + 1), [readFileSync(path, 'utf8'), mode.toString(8), ino, uid, gid].join('|')]
    }),
  )
}

/** Names of working folders that are left. */
export function leftovers(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith('.fairlead-inject-'))
}

export function contentsIn(folder: string, contents: readonly FileContent[]): readonly (string | undefined)[] {
  return contents.map(({ path }) => {
    try {
      return readFileSync(join(folder, path), 'utf8').split(' ')[0]
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  })
}

/** Whether every file is whole, of one of the generations and, where it is a new one, private. */
export function isWhole(folder: string, contents: readonly FileContent[]): boolean {
  return contents.every(({ path }) => {
    const file = join(folder, path)
    try {
      const text = readFileSync(file, 'utf8')
      const word = text.split(' ')[0] ?? ''
      const isPrivate = word === 'old' || (lstatSync(file).mode & 0o777) === secretFileMode
      return isPrivate && text === `${word} ${path} ${word}\n`
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
      throw error
    }
  })
}
