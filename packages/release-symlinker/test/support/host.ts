import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@fairlead/test-support'
import { stageOn, type StageReleaseOptions } from '../../src/stage-release.ts'
import { activateOn } from '../../src/activate-release.ts'
import { systemDisk } from '../../src/ports/disk.ts'
import type { StagedRelease } from '@fairlead/core'
import { commitOf, unpackArchive, type ArchiveFile } from './archive.ts'

/** A host of its own for one test: a root that does not exist yet, and a place for archives. */
export interface TestHost {
  readonly root: string
  readonly folder: string
  /** Unpacks and stages a release whose commit, id and files carry the letter. */
  readonly stage: (letter: string, options?: Partial<StageReleaseOptions> & { files?: Files }) => Promise<StagedRelease>
  /** The same, and makes it live. */
  readonly deploy: (
    letter: string,
    options?: Partial<StageReleaseOptions> & { files?: Files },
  ) => Promise<StagedRelease>
  /** The text of a file behind `current`. */
  readonly live: (path?: string) => string
}

type Files = Readonly<Record<string, ArchiveFile>>

/** The files of a release that carry its letter. */
export function filesOf(letter: string): Files {
  return {
    version: letter,
    'public/index.html': `<h1>${letter}</h1>`,
    'bin/run': { text: '#!/bin/sh\n', mode: '0755' },
  }
}

export function testHost(): TestHost {
  const folder = temporaryFolder()
  const root = join(folder, 'srv/shop')
  const stage: TestHost['stage'] = async (letter, { files, ...options } = {}) => {
    const { from } = unpackArchive(join(folder, 'archives', letter), files ?? filesOf(letter), commitOf(letter))
    return await stageOn(systemDisk, { root, from, id: `d-${letter}`, ...options })
  }
  return {
    root,
    folder,
    stage,
    deploy: async (letter, options) => {
      const staged = await stage(letter, options)
      await activateOn(systemDisk, staged, {})
      return staged
    },
    live: (path = 'version') => readFileSync(join(root, 'current', path), 'utf8'),
  }
}

/** Everything in a root that is not finished: temporary links, half releases and seeds, guards of locks, trash, records without a release. */
export function leftovers(root: string, { trash = true }: { readonly trash?: boolean } = {}): readonly string[] {
  const list = (...parts: string[]) => (existsSync(join(root, ...parts)) ? readdirSync(join(root, ...parts)) : [])
  const records = list('.fairlead').includes('releases') ? list('.fairlead', 'releases') : []
  const releases = list('releases').filter((name) => !name.startsWith('.'))
  return [
    ...list().filter((name) => !['.fairlead', 'current', 'releases', 'shared'].includes(name)),
    ...list('releases').filter((name) => name.startsWith('.')),
    ...list('.fairlead').filter(
      (name) => !['history.jsonl', 'releases', 'trash'].includes(name) && !name.startsWith('history.damaged-'),
    ),
    ...(trash ? list('.fairlead', 'trash') : []),
    ...records.filter((name) => !releases.includes(name.replace(/\.json$/, ''))),
  ]
}
