import { existsSync, writeFileSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import { createRepository, temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { runGit, withoutCredentials } from '../../src/ports/git-process.ts'

test('answers what git printed', async () => {
  const repository = createRepository(temporaryFolder())
  const commit = repository.commit({ 'a.txt': 'a' })
  const { stdout } = await runGit(['rev-parse', 'HEAD'], { folder: repository.path })
  expect(stdout.trim()).toBe(commit)
})

test('reads its input', async () => {
  const repository = createRepository(temporaryFolder())
  const { stdout } = await runGit(['hash-object', '--stdin'], { folder: repository.path, input: 'a' })
  expect(stdout.trim()).toBe('2e65efe2a145dda7ee51d1741299f848e5bf752e')
})

test('a failure names the command, the folder and the words of git', async () => {
  const folder = temporaryFolder()
  await expect(runGit(['rev-parse', 'HEAD'], { folder })).rejects.toMatchObject({
    code: 'GIT_FAILED',
    context: {
      command: 'git rev-parse',
      folder,
      exitCode: 128,
      stderr: expect.stringContaining('not a git repository'),
    },
  })
})

test('an exit code that is an answer is no failure', async () => {
  const repository = createRepository(temporaryFolder())
  repository.commit({ 'a.txt': 'a' })
  const answer = await runGit(['rev-parse', '--verify', '--quiet', 'refs/tags/none'], {
    folder: repository.path,
    expectedExitCodes: [0, 1],
  })
  expect(answer.exitCode).toBe(1)
})

test('a folder that does not exist is not taken for a missing git', async () => {
  await expect(runGit(['status'], { folder: join(temporaryFolder(), 'none') })).rejects.toMatchObject({
    code: 'GIT_FAILED',
  })
})

test('a repository cannot make git run a program of its own', async () => {
  const repository = createRepository(temporaryFolder())
  repository.commit({ 'a.txt': 'a' })
  const trap = join(repository.path, 'trap.sh')
  writeFileSync(trap, `#!/bin/sh\ntouch ${join(repository.path, 'sprung')}\n`)
  chmodSync(trap, 0o755)
  repository.git('config', 'core.fsmonitor', trap)
  await runGit(['status', '--porcelain'], { folder: repository.path })
  expect(existsSync(join(repository.path, 'sprung'))).toBe(false)
})

test('the environment cannot point git at another repository', async () => {
  const [ours, other] = [createRepository(temporaryFolder()), createRepository(temporaryFolder())]
  const commit = ours.commit({ 'a.txt': 'ours' })
  other.commit({ 'a.txt': 'other' })
  process.env['GIT_DIR'] = join(other.path, '.git')
  try {
    const { stdout } = await runGit(['rev-parse', 'HEAD'], { folder: ours.path })
    expect(stdout.trim()).toBe(commit)
  } finally {
    delete process.env['GIT_DIR']
  }
})

test('a cancelled call rejects with the reason itself', async () => {
  const reason = new Error('enough')
  const stopping = new AbortController()
  const running = runGit(['hash-object', '--stdin'], { folder: temporaryFolder(), signal: stopping.signal })
  stopping.abort(reason)
  await expect(running).rejects.toBe(reason)
  await expect(runGit(['status'], { folder: '.', signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

test('credentials in an address do not get into words', () => {
  expect(withoutCredentials("fatal: unable to access 'https://user:hunter2@host/x.git/'")).toBe(
    "fatal: unable to access 'https://host/x.git/'",
  )
})
