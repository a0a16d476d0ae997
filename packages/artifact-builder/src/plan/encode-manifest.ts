import type { Manifest, ManifestEntry } from '@fairlead/core'
import { textsOf, type ManifestEntries } from './entry-texts.ts'

/** A manifest without the entries, which may be many. */
export type ManifestFacts = Omit<Manifest, 'entries'>

/** A manifest as it stands in an artifact, with a line for each entry: any tool that compares texts shows what differs. */
export function* encodeManifest(facts: ManifestFacts, entries: ManifestEntries): Generator<string, void, undefined> {
  yield `${JSON.stringify(facts).slice(0, -1)},"entries":[\n`
  yield* textsOf(entries, lineOf)
  yield entries.count === 0 ? ']}\n' : '\n]}\n'
}

function lineOf({ path, type, mode, sizeBytes, sha256 }: ManifestEntry, index: number): string {
  const separator = index === 0 ? '' : ',\n'
  const digest = sha256 === undefined ? '' : `,"sha256":"${sha256}"`
  return `${separator}{"path":${JSON.stringify(path)},"type":"${type}","mode":"${mode}","sizeBytes":${sizeBytes}${digest}}`
}
