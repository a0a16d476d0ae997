import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from '@fairlead/test-support'
import { build } from 'tsup'
import { describe, expect, test } from 'vitest'
import { commitFiles, recoverFiles } from '../src/commit-files.ts'
import { commitVersion, recoverVersions } from '../src/commit-version.ts'
import { openDirectory } from '../src/open-folders.ts'
import { nodeFiles } from '../src/ports/files.ts'
import { contentsIn, generation, isWhole } from './support/release-folder.ts'

/** Kills of each of the two ways to commit; CI says that it wants everything. */
const isCi = process.env['FAIRLEAD_REQUIRE_TOOLS'] !== undefined
const kills = process.env['FAIRLEAD_LONG'] !== undefined ? 1_000 : isCi ? 50 : 15
// A kill takes a fifth of a second, and many times that where the disk is busy: each run waits for several fsyncs.
const timeoutMs = 60_000 + kills * 20_000

async function buildChild(): Promise<string> {
  const output = temporaryFolder()
  await build({
    entry: { child: new URL('support/inject-child.ts', import.meta.url).pathname },
    outDir: output,
    config: false,
    format: 'esm',
    outExtension: () => ({ js: '.mjs' }),
    noExternal: [/.*/],
    platform: 'node',
    target: 'node20',
    silent: true,
  })
  return join(output, 'child.mjs')
}

/** Lets it inject again and again, and kills it at any moment. */
async function killAtAnyMoment(child: string, folder: string, kind: string): Promise<void> {
  const running = spawn(process.execPath, [child, folder, kind], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(running, 'exit')
  await once(running.stdout, 'data')
  await sleep(Math.random() * 30)
  running.kill('SIGKILL')
  expect(await ended).toEqual([null, 'SIGKILL'])
}

/** What the next run does. */
async function runNext(folder: string, kind: string): Promise<void> {
  const files = nodeFiles()
  const root = await openDirectory(files, folder)
  await recoverFiles(files, root, Date.now())
  if (kind === 'versioned') await recoverVersions(files, root)
  const owner = { uid: process.geteuid?.() ?? 0, gid: undefined }
  const commit = kind === 'versioned' ? commitVersion : commitFiles
  await commit(files, root, generation('next'), { owner, signal: new AbortController().signal, nowMs: Date.now() })
  await root.close()
}

function modesBelow(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return [...new Set(entries.map((entry) => (lstatSync(join(entry.parentPath, entry.name)).mode & 0o777).toString(8)))]
}

describe(`${kills} kills at any moment`, () => {
  test.each(['versioned', 'in-place'])(
    '%s: no file is torn or of another mode, no set that is live is mixed, and the next run leaves nothing of it',
    async (kind) => {
      const child = await buildChild()
      const folder = join(temporaryFolder(), 'secrets')
      mkdirSync(folder)
      const live = kind === 'versioned' ? join(folder, 'current') : folder
      const set = generation('')
      let interrupted = 0
      for (let kill = 0; kill < kills; kill++) {
        await killAtAnyMoment(child, folder, kind)
        if (readdirSync(folder).some((name) => name.startsWith('.fairlead-inject-'))) interrupted++
        expect(isWhole(live, set)).toBe(true)
        expect(modesBelow(folder)).toEqual(['600'])
        // In place, a set may be half new until the next run: a release that is being staged is not live.
        if (kind === 'versioned') expect(new Set(contentsIn(live, set)).size).toBe(1)
        await runNext(folder, kind)
        expect(contentsIn(live, set)).toEqual(set.map(() => 'next'))
        expect(readdirSync(folder).sort()).toEqual(kind === 'versioned' ? ['current', 'versions'] : ['.env.local', 'config', 'new']) // prettier-ignore
        if (kind === 'versioned') expect(readdirSync(join(folder, 'versions')).length).toBeLessThanOrEqual(2)
      }
      expect(interrupted).toBeGreaterThan(kills / 10)
    },
    timeoutMs,
  )
})
