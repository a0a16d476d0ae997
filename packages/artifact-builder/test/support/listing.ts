import type { TreeEntry } from '../../src/index.ts'
import { factsPerPath, identityAt, pathTypes, type TreeListing } from '../../src/plan/tree-listing.ts'
import { shareTexts } from '../../src/ports/lanes/shared-entries.ts'

/** What a listing of these entries is; the state of each file is made of its row. */
export function listingOf(entries: readonly TreeEntry[]): TreeListing {
  const facts = new Float64Array(entries.length * factsPerPath)
  const targets: string[] = []
  entries.forEach((entry, row) => {
    const at = row * factsPerPath
    facts[at] = pathTypes.indexOf(entry.type === 'directory' ? 'empty folder' : entry.type)
    if (entry.type === 'symlink') facts[at + 1] = targets.push(entry.target) - 1
    if (entry.type !== 'file') return
    facts[at + 1] = entry.sizeBytes
    for (let number = 0; number < 4; number++) facts[at + identityAt + number] = row * 10 + number
    facts[at + 6] = entry.executable ? 1 : 0
  })
  return { paths: shareTexts(entries.map(({ path }) => path)), facts, targets }
}
