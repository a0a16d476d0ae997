import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { findAccounts, playVector, unplayable, type Vector } from './support/vector-player.ts'

/**
 * Recorded from the official agent 1.8.1 and copied here unchanged. What is listed below is not reproduced yet; a
 * listed vector that begins to pass fails this test, so that the list never says more than is true.
 */
const notReproduced: Readonly<Record<string, string>> = {
  'appspec-hook-failure-local': 'the local tool takes a folder as bundle',
  'appspec-install-hook-local': 'the local tool takes a folder as bundle',
  'appspec-missing-local': 'the local tool looks for the AppSpec before it begins',
  'appspec-unknown-hook-local': 'the local tool takes a folder as bundle',
  'archive-local-directory': 'the local tool takes a folder as bundle',
  'archive-zip-through-symlink':
    'for good: nothing is written outside of the host (the recording depends on the zip library)',
  'exists-api-invalid-no-clash': 'for good: the value is refused before anything runs',
  'exists-local-default': 'the local tool takes a folder as bundle',
  'files-symlink-directory-bundle': 'the local tool takes a folder as bundle',
  'hooks-local-custom-event': 'custom events are the local tool’s own',
  'hooks-local-custom-event-absent': 'custom events are the local tool’s own',
  'hooks-local-event-list': 'event lists are the local tool’s own',
  'hooks-local-install-before-download': 'event lists are the local tool’s own',
  'hooks-order-local': 'the local tool takes a folder as bundle',
  'large-local-500': 'the local tool takes a folder as bundle',
  'wire-ack-failed-noop': 'acknowledgements are part of the wire protocol',
  'wire-ack-failed-real': 'acknowledgements are part of the wire protocol',
  'wire-ack-pending': 'acknowledgements are part of the wire protocol',
  'wire-agent-killed-in-hook': 'a restart of the agent is part of the wire protocol',
  'wire-agent-stopped-in-hook': 'a restart of the agent is part of the wire protocol',
  'wire-spec-without-deploymentgroupid': 'specifications are part of the wire protocol',
  'wire-spec-without-revision': 'specifications are part of the wire protocol',
  'wire-unknown-command': 'the type knows no other events',
}

const folder = join(import.meta.dirname, 'vectors')
const vectors = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Vector)
const accounts = findAccounts()

function missing({ requires = [] }: Vector): readonly string[] {
  const has = { root: process.getuid?.() === 0, user: accounts.user, nologinUser: accounts.nologinUser }
  return requires.filter((need) => !has[need])
}

async function play(vector: Vector): Promise<readonly string[]> {
  const host = temporaryFolder()
  // Other users run scripts that lie below it.
  chmodSync(host, 0o755)
  const mask = process.umask(0o022)
  try {
    return await playVector(vector, host, accounts)
  } finally {
    process.umask(mask)
  }
}

describe('the profile official-1.8 does what the official agent did', () => {
  for (const vector of vectors.filter(({ name }) => !(name in notReproduced))) {
    const { name, about } = vector
    const lacking = missing(vector)
    if (lacking.length > 0 && !process.env['FAIRLEAD_REQUIRE_TOOLS']) {
      test(`${name}: ${about} (skipped: needs ${lacking.join(', ')})`, (context) => context.skip())
    } else test(`${name}: ${about}`, async () => expect(await play(vector)).toEqual([]))
  }
})

describe('what is not reproduced is listed, and nothing else is', () => {
  for (const [name, reason] of Object.entries(notReproduced)) {
    test(`${name}: ${reason}`, async () => {
      const vector = vectors.find((candidate) => candidate.name === name)
      if (!vector) throw new Error(`there is no vector ${name}`)
      expect(unplayable(vector) ?? (await play(vector))).not.toEqual([])
    })
  }

  test('the list leaves at least 170 vectors that pass', () => {
    expect(vectors.length - Object.keys(notReproduced).length).toBeGreaterThanOrEqual(170)
  })
})
