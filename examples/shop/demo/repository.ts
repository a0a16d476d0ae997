import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const example = fileURLToPath(new URL('..', import.meta.url))
const workspaceModules = fileURLToPath(new URL('../../../node_modules', import.meta.url))

/** What a team would have in the shop's own repository. */
const files = [
  '.env',
  '.gitignore',
  'appspec.yml',
  'package.json',
  'tsconfig.json',
  'tsup.config.ts',
  'hooks',
  'pipeline',
  'public',
  'src',
  'test',
  'views',
]

export interface Repository {
  readonly path: string
  readonly edit: (file: string, change: (text: string) => string) => void
  readonly write: (file: string, text: string) => void
  /** Commits everything and answers the commit's id. */
  readonly commit: (message: string) => string
  readonly tag: (name: string) => void
}

/** Makes a git repository of the example; the installed packages are lent to it by a link that git ignores. */
export function createRepository(path: string): Repository {
  mkdirSync(path)
  for (const file of files) cpSync(join(example, file), join(path, file), { recursive: true })
  symlinkSync(workspaceModules, join(path, 'node_modules'))
  const identity = ['-c', 'user.name=Demo', '-c', 'user.email=demo@example.com']
  const git = (...args: readonly string[]) =>
    execFileSync('git', [...identity, ...args], {
      cwd: path,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }).trim()
  git('init', '--quiet', '--initial-branch=main')
  return {
    path,
    edit: (file, change) => writeFileSync(join(path, file), change(readFileSync(join(path, file), 'utf8'))),
    write: (file, text) => writeFileSync(join(path, file), text),
    commit: (message) => {
      git('add', '--all')
      git('commit', '--quiet', '--no-gpg-sign', '--message', message)
      return git('rev-parse', 'HEAD')
    },
    tag: (name) => void git('tag', '--no-sign', '--annotate', '--message', `Release ${name}`, name),
  }
}
