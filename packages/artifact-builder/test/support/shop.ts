import { join } from 'node:path'
import { createRepository, temporaryFolder, type TestRepository } from '@fairlead/test-support'
import type { ArtifactEvent, BuildArtifactOptions } from '../../src/index.ts'

type TestFiles = Parameters<TestRepository['write']>[0]

export const appSpec = `version: 0.0
os: linux
files:
  - source: /
    destination: /srv/shop
hooks:
  AfterInstall:
    - location: hooks/after-install.sh
      timeout: 60
`

/** A small project as it stands in a commit. */
export const shopFiles: TestFiles = {
  'appspec.yml': appSpec,
  'package.json': '{ "name": "@example/shop" }\n',
  'hooks/after-install.sh': { text: '#!/bin/sh\nexit 0\n', mode: 0o755 },
  'src/main.js': 'console.log("shop")\n',
  'src/empty.js': '',
  'src/main-link.js': { link: 'main.js' },
}

export interface Shop {
  readonly repository: TestRepository
  readonly commit: string
  readonly output: string
  readonly events: ArtifactEvent[]
  /** Options that build it, with others laid over them. */
  readonly options: (others?: Partial<BuildArtifactOptions>) => BuildArtifactOptions
}

/** A repository of the project in a folder of its own, and the options that build it. */
export function createShop(files: TestFiles = {}): Shop {
  const folder = temporaryFolder()
  const repository = createRepository(join(folder, 'checkout'))
  const commit = repository.commit({ ...shopFiles, ...files })
  const output = join(folder, 'out', 'shop.zip')
  const events: ArtifactEvent[] = []
  return {
    repository,
    commit,
    output,
    events,
    options: (others = {}) => ({
      root: repository.path,
      include: ['**'],
      output,
      onEvent: (event) => events.push(event),
      ...others,
    }),
  }
}
