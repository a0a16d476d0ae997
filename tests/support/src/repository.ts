import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A file's text, or an executable, or a symbolic link. */
export type TestFile = string | { readonly text: string; readonly mode: number } | { readonly link: string }

export interface TestRepository {
  readonly path: string
  /** Writes files without committing them. */
  readonly write: (files: Readonly<Record<string, TestFile>>) => void
  /** Writes files, commits everything and answers the full commit id. */
  readonly commit: (files: Readonly<Record<string, TestFile>>, message?: string) => string
  /** Runs git there and answers its standard output, trimmed. */
  readonly git: (...args: readonly string[]) => string
}

/** A real git repository at `path`, whose commits have fixed authors and times. */
export function createRepository(path: string): TestRepository {
  const environment = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_NAME: 'Test',
    GIT_AUTHOR_EMAIL: 'test@example.com',
    GIT_AUTHOR_DATE: '2026-01-02T03:04:05Z',
    GIT_COMMITTER_NAME: 'Test',
    GIT_COMMITTER_EMAIL: 'test@example.com',
    GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z',
  }
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, {
      cwd: path,
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  const write = (files: Readonly<Record<string, TestFile>>) => {
    for (const [name, file] of Object.entries(files)) {
      const target = join(path, name)
      mkdirSync(dirname(target), { recursive: true })
      if (typeof file === 'string') writeFileSync(target, file)
      else if ('link' in file) symlinkSync(file.link, target)
      else {
        writeFileSync(target, file.text)
        chmodSync(target, file.mode)
      }
    }
  }
  mkdirSync(path, { recursive: true })
  git('init', '--quiet', '--initial-branch=main')
  return {
    path,
    git,
    write,
    commit: (files, message = 'change') => {
      write(files)
      git('add', '--all')
      git('commit', '--quiet', '--allow-empty', '--message', message)
      return git('rev-parse', 'HEAD')
    },
  }
}
