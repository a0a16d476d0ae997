import type { ManifestEntry } from '@fairlead/core'

/** Entries that are made when they are asked for: an array of a hundred thousand would outlive its use. */
export interface ManifestEntries {
  readonly count: number
  readonly at: (index: number) => ManifestEntry
}

/** Lines that are put into a text: few calls for those who take the texts, and no text of the whole. */
const linesInText = 1000

/** A line for each entry, one behind the other in some texts. */
export function* textsOf(
  { count, at }: ManifestEntries,
  lineOf: (entry: ManifestEntry, index: number) => string,
): Generator<string, void, undefined> {
  for (let first = 0; first < count; first += linesInText) {
    const end = Math.min(count, first + linesInText)
    let text = ''
    for (let index = first; index < end; index++) text += lineOf(at(index), index)
    yield text
  }
}

/** The entries one after the other. */
export function* eachEntry({ count, at }: ManifestEntries): Generator<ManifestEntry, void, undefined> {
  for (let index = 0; index < count; index++) yield at(index)
}
