import { createHash } from 'node:crypto'
import { parseAppSpec } from '@fairlead/appspec'
import type { ManifestEntry } from '@fairlead/core'
import { artifactErrors } from './errors.ts'
import type { PlannedEntry } from './model.ts'
import { followPath, standingsOf } from './plan/resolve-link.ts'
import { readPlannedFile } from './ports/tree.ts'

/** The only name under which CodeDeploy's agent looks on a server. */
const appSpecPath = 'appspec.yml'

/** @throws ARTIFACT_APPSPEC_MISSING */
export function requireAppSpecEntry(root: string, entries: readonly PlannedEntry[]): void {
  if (!entries.some(({ path, type }) => path === appSpecPath && type === 'file')) {
    throw artifactErrors.ARTIFACT_APPSPEC_MISSING({ root })
  }
}

/**
 * Refuses an appspec.yml that does not parse or that names a script which the artifact would not have.
 *
 * @throws APPSPEC_INVALID, ARTIFACT_HOOK_MISSING, ARTIFACT_FILE_CHANGED
 */
export async function requireAppSpecScripts(
  root: string,
  planned: readonly PlannedEntry[],
  entries: readonly ManifestEntry[],
): Promise<void> {
  const { hooks } = parseAppSpec(await readAppSpec(root, planned, entries))
  const standings = standingsOf(planned)
  const scripts = Object.entries(hooks).flatMap(([event, list]) =>
    list
      .filter(({ location }) => followPath(location, standings).type !== 'file')
      .map(({ location }) => ({ event, location })),
  )
  if (scripts.length > 0) throw artifactErrors.ARTIFACT_HOOK_MISSING({ root, scripts })
}

async function readAppSpec(
  root: string,
  entries: readonly PlannedEntry[],
  digested: readonly ManifestEntry[],
): Promise<string> {
  const planned = entries.find(({ path }) => path === appSpecPath)
  if (planned?.type !== 'file') throw artifactErrors.ARTIFACT_APPSPEC_MISSING({ root })
  const pieces: Uint8Array[] = []
  for await (const piece of readPlannedFile(root, planned)) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  const expected = digested.find(({ path }) => path === appSpecPath)?.sha256
  if (createHash('sha256').update(bytes).digest('hex') !== expected) {
    throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path: appSpecPath, change: 'changed' })
  }
  return bytes.toString()
}
