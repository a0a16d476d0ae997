import type { Manifest, ManifestEntry } from '@fairlead/core'
import { inGroups } from './in-groups.ts'

/** Lines that are made at a time: few calls, and no text of the whole. */
const entriesAtATime = 1000

/** A manifest without the entries, which may be many. */
export type ManifestFacts = Omit<Manifest, 'entries'>

/** A manifest as it stands in an artifact, with a line for each entry: any tool that compares texts shows what differs. */
export function* encodeManifest(
  facts: ManifestFacts,
  entries: Iterable<ManifestEntry>,
): Generator<string, void, undefined> {
  let before = `${JSON.stringify(facts).slice(0, -1)},"entries":[\n`
  for (const some of inGroups(entries, entriesAtATime)) {
    yield before + some.map(lineOf).join(',\n')
    before = ',\n'
  }
  yield before === ',\n' ? '\n]}\n' : `${before}]}\n`
}

function lineOf({ path, type, mode, sizeBytes, sha256 }: ManifestEntry): string {
  const digest = sha256 === undefined ? '' : `,"sha256":"${sha256}"`
  return `{"path":${JSON.stringify(path)},"type":"${type}","mode":"${mode}","sizeBytes":${sizeBytes}${digest}}`
}
