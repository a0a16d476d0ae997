import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import type { AgentProfile } from '../src/model.ts'
import { findAccounts, lacking } from './conformance/accounts.ts'
import { playVector } from './conformance/play-vector.ts'
import { readVectors, type Vector } from './conformance/vector.ts'

// Recorded from the official agent 1.8.1 and copied here unchanged. `npm run conformance` plays any folder of them.
const vectors = readVectors(join(import.meta.dirname, 'vectors'))
const accounts = findAccounts()

async function play(vector: Vector, profile?: AgentProfile): Promise<readonly string[]> {
  const host = temporaryFolder()
  // Other users run scripts that lie below it.
  chmodSync(host, 0o755)
  const mask = process.umask(0o022)
  try {
    return await playVector(vector, host, { accounts, ...(profile ? { profile } : {}) })
  } finally {
    process.umask(mask)
  }
}

/** The outcome of these is a library's or a system program's, not the agent's. */
const counted = vectors.filter(({ libraryDependent }) => !libraryDependent)

describe('the profile official-1.8 does what the official agent did', () => {
  for (const vector of counted) {
    const { name, about } = vector
    const missing = lacking(vector, accounts)
    if (missing.length > 0 && !process.env['FAIRLEAD_REQUIRE_TOOLS']) {
      test(`${name}: ${about} (skipped: needs ${missing.join(', ')})`, (context) => context.skip())
    } else test(`${name}: ${about}`, async () => expect(await play(vector)).toEqual([]), 60_000)
  }

  test('there are vectors', () => {
    expect(counted.length).toBeGreaterThanOrEqual(192)
  })
})
