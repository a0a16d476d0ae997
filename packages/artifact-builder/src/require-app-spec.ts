import { createHash } from 'node:crypto'
import type { AppSpec, AppSpecFinding, BundleFile } from '@fairlead/appspec'
import type { ManifestEntry } from '@fairlead/core'
import { artifactErrors } from './errors.ts'
import type { PlannedEntry } from './model.ts'
import { followPath, standingsOf, type Standings } from './plan/resolve-link.ts'
import { readPlannedFile } from './ports/tree.ts'

/** The only name under which CodeDeploy's agent looks on a server. */
const appSpecPath = 'appspec.yml'

/** What the agent would say of an artifact that it takes. */
export interface DeployableFacts {
  /** What it accepts and somebody may regret. */
  readonly warnings: readonly AppSpecFinding[]
  /** The digests of the files that were looked at, by their path in the artifact: of other bytes, nothing was said. */
  readonly sha256Of: ReadonlyMap<string, string>
}

type PlannedFile = PlannedEntry & { readonly type: 'file' }

/**
 * Refuses entries that CodeDeploy's agent would not deploy: no appspec.yml that parses, no source or script that it
 * names, a script with Windows' line ends.
 *
 * CodeDeploy documents no limit of the size of a revision or the number of its files; that of a lifecycle event's time is
 * checked by `checkAppSpec`. https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
 *
 * @throws ARTIFACT_APPSPEC_MISSING, APPSPEC_INVALID, ARTIFACT_HOOK_MISSING, ARTIFACT_APPSPEC_REFUSED
 * @throws ARTIFACT_FILE_CHANGED, ARTIFACT_FILE_UNREADABLE
 */
export async function requireDeployable(root: string, entries: readonly PlannedEntry[]): Promise<DeployableFacts> {
  const files = new Map(entries.flatMap((entry) => (entry.type === 'file' ? [[entry.path, entry]] : [])))
  const appSpec = files.get(appSpecPath)
  if (appSpec === undefined) throw artifactErrors.ARTIFACT_APPSPEC_MISSING({ root })
  const { text, sha256 } = await readAppSpec(root, appSpec)
  // Loaded by the builds that need it: a YAML parser is half of what this package would load otherwise.
  const { checkAppSpec, parseAppSpec } = await import('@fairlead/appspec')
  const spec = parseAppSpec(text)
  const standings = standingsOf(entries)
  requireScripts(root, spec, standings)
  const scripts = await readScripts(root, spec, (location) => fileAt(location, standings, files))
  const bundle = Object.fromEntries([...sourcesOf(spec, standings), ...scripts.map(({ location, file }) => [location, file])]) // prettier-ignore
  const findings = checkAppSpec(text, { bundle })
  const defects = findings.filter(({ severity }) => severity === 'error')
  if (defects.length > 0) throw artifactErrors.ARTIFACT_APPSPEC_REFUSED({ root, defects })
  return {
    warnings: findings,
    sha256Of: new Map([[appSpecPath, sha256], ...scripts.map(({ path, sha256 }) => [path, sha256] as const)]),
  }
}

function requireScripts(root: string, { hooks }: AppSpec, standings: Standings): void {
  const scripts = Object.entries(hooks).flatMap(([event, list]) =>
    list
      .filter(({ location }) => followPath(location, standings).type !== 'file')
      .map(({ location }) => ({ event, location })),
  )
  if (scripts.length > 0) throw artifactErrors.ARTIFACT_HOOK_MISSING({ root, scripts })
}

function fileAt(location: string, standings: Standings, files: ReadonlyMap<string, PlannedFile>): PlannedFile {
  const end = followPath(location, standings)
  return files.get('path' in end ? end.path : '') as PlannedFile
}

/** The sources that are there; of a folder no more is asked than that. */
function sourcesOf({ files }: AppSpec, standings: Standings): readonly (readonly [string, BundleFile])[] {
  return files.filter(({ source }) => 'path' in followPath(source, standings)).map(({ source }) => [source, {}])
}

async function readScripts(root: string, { hooks }: AppSpec, find: (location: string) => PlannedFile) {
  const locations = [...new Set(Object.values(hooks).flatMap((list) => list.map(({ location }) => location)))]
  return Promise.all(
    locations.map(async (location) => {
      const planned = find(location)
      const { firstBytes, sha256 } = await readBeginning(root, planned)
      const file: BundleFile = { executable: planned.mode === '0755', firstBytes }
      return { location, path: planned.path, file, sha256 }
    }),
  )
}

async function readAppSpec(root: string, planned: PlannedFile): Promise<{ text: string; sha256: string }> {
  const pieces: Uint8Array[] = []
  for await (const piece of readPlannedFile(root, planned)) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  return { text: bytes.toString(), sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** A script can be a program of many megabytes: its first piece is kept, and the rest only digested. */
async function readBeginning(root: string, planned: PlannedFile): Promise<{ firstBytes: Uint8Array; sha256: string }> {
  const digest = createHash('sha256')
  let firstBytes: Uint8Array | undefined
  for await (const piece of readPlannedFile(root, planned)) {
    digest.update(piece)
    firstBytes ??= piece
  }
  return { firstBytes: firstBytes ?? new Uint8Array(), sha256: digest.digest('hex') }
}

/**
 * Refuses entries of which {@link requireDeployable} saw other bytes.
 *
 * @throws ARTIFACT_FILE_CHANGED
 */
export function requireSameBytes(
  root: string,
  { sha256Of }: DeployableFacts,
  entries: Iterable<Pick<ManifestEntry, 'path' | 'sha256'>>,
): void {
  for (const { path, sha256 } of entries) {
    if (sha256Of.has(path) && sha256Of.get(path) !== sha256) {
      throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'changed' })
    }
  }
}
