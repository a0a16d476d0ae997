import { mkdtempSync, chmodSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { agentProfiles, type AgentProfile } from '@fairlead/appspec'
import { findAccounts, lacking } from './accounts.ts'
import { playVector } from './play-vector.ts'
import { readVectors, type Vector } from './vector.ts'

const usage = `npm run conformance -- FOLDER [--profile ${agentProfiles.join('|')}] [--only NAME]`
const [folder, ...flags] = process.argv.slice(2)
const flag = (name: string) => (flags.includes(name) ? flags[flags.indexOf(name) + 1] : undefined)
const profile = (flag('--profile') ?? 'official-1.8') as AgentProfile
const only = flag('--only')

/** Plays every vector of a folder and prints a line for each that fails. */
async function main(): Promise<void> {
  if (
    folder === undefined ||
    !statSync(folder, { throwIfNoEntry: false })?.isDirectory() ||
    !agentProfiles.includes(profile)
  ) {
    console.error(`usage: ${usage}`)
    process.exitCode = 2
    return
  }
  process.umask(0o022)
  const vectors = readVectors(resolve(folder)).filter(({ name }) => only === undefined || name === only)
  const counts = { passed: 0, failed: 0, skipped: 0, told: 0 }
  for (const vector of vectors) counts[await report(vector)] += 1
  if (counts.skipped > 0) console.log(`${counts.skipped} skipped: this machine lacks what they need`)
  console.log(`${counts.passed} passed, ${counts.failed} failed`)
  if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1
}

/** What of a vector is in a library's or a system program's hands is told and not counted. */
async function report(vector: Vector): Promise<'passed' | 'failed' | 'skipped' | 'told'> {
  const accounts = findAccounts()
  const missing = lacking(vector, accounts)
  if (missing.length > 0) {
    console.log(`skipped ${vector.name}: needs ${missing.join(', ')}`)
    return 'skipped'
  }
  const differences = await play(vector)
  if (vector.libraryDependent) {
    console.log(`information ${vector.name}: ${differences.length === 0 ? 'the same' : differences.join('; ')}`)
    return 'told'
  }
  if (differences.length === 0) return 'passed'
  console.log(`FAILED ${vector.name}: ${differences.join('; ')}`)
  return 'failed'
}

async function play(vector: Vector): Promise<readonly string[]> {
  const host = mkdtempSync(join(tmpdir(), 'fairlead-conformance-'))
  // Other users run scripts that lie below it.
  chmodSync(host, 0o755)
  try {
    return await playVector(vector, host, { accounts: findAccounts(), profile })
  } catch (error) {
    return [`the vector could not be played: ${(error as Error).message}`]
  } finally {
    rmSync(host, { recursive: true, force: true })
  }
}

await main()
