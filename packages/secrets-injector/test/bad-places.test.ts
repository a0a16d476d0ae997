import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { injectSecrets, secret } from '../src/index.ts'
import { snapshot } from './support/release-folder.ts'
import { startScriptedServer } from './support/scripted-secrets-manager.ts'

/** A file system of its own, in memory, of 256 KiB; `undefined` where this process may not mount one. */
function mountSmall(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' })
    return folder
  } catch {
    rmSync(folder, { recursive: true })
    return undefined
  }
}

function unmount(folder: string): void {
  execFileSync('umount', [folder])
  rmSync(folder, { recursive: true })
}

const probe = mountSmall()
if (probe !== undefined) unmount(probe)

describe.runIf(probe !== undefined)('a file system', () => {
  async function start() {
    const stored: Record<string, string> = { env: '{"A":"old"}', key: 'old' }
    const { client } = await startScriptedServer(stored)
    const mounted = mountSmall()!
    onTestFinished(() => unmount(mounted))
    const directory = join(mounted, 'secrets')
    mkdirSync(directory)
    const envFile = { name: '.env', dialect: 'symfony', from: secret('env') } as const
    const inject = (versioned: boolean) =>
      injectSecrets({ directory, client, envFile, files: { key: secret('key') }, versioned, inMemory: true })
    return { stored, mounted, directory, inject }
  }
  const shownIn = (directory: string, versioned: boolean) =>
    snapshot(versioned ? join(directory, 'versions') : directory)

  test.each([false, true])(
    'that is full keeps every old file as it was, and nothing of the new ones; versioned: %s',
    async (versioned) => {
      const { stored, directory, inject } = await start()
      await inject(versioned)
      const was = shownIn(directory, versioned)
      stored['env'] = '{"A":"new"}'
      // Each of the two finds room, but not both.
      stored['key'] = 'x'.repeat(250 * 1024)
      await expect(inject(versioned)).rejects.toMatchObject({
        code: 'FILE_OPERATION_FAILED',
        context: { reason: 'ENOSPC' },
      })
      expect(shownIn(directory, versioned)).toEqual(was)
      expect(readdirSync(directory).filter((name) => name.startsWith('.fairlead-inject-'))).toEqual([])
      stored['key'] = 'new'
      expect(await inject(versioned)).toMatchObject({ changed: true })
    },
  )

  test.each([false, true])('that is read-only is told as such; versioned: %s', async (versioned) => {
    const { stored, mounted, directory, inject } = await start()
    await inject(versioned)
    stored['key'] = 'new'
    const was = shownIn(directory, versioned)
    execFileSync('mount', ['-o', 'remount,ro', mounted])
    await expect(inject(versioned)).rejects.toMatchObject({
      code: 'FILE_OPERATION_FAILED',
      context: { reason: 'EROFS' },
    })
    expect(shownIn(directory, versioned)).toEqual(was)
  })
})
