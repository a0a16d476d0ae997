/** What the kernel does for its caller. */
import { makeCodeTables } from './codes'
import { clearMatches } from './matches'
import { passage, passageBytes, source, sourceBytes, target, triplePlaces } from './memory'

export { deflate } from './deflate'
export { inflatesTo } from './inflates-to'
export { nextWindow } from './windows'

export const sourceAddress: usize = source
export const sourceSize: usize = sourceBytes
export const targetAddress: usize = target
export const triplePlacesAddress: usize = triplePlaces
export const passageAddress: usize = passage
export const passageSize: usize = passageBytes

makeCodeTables()
clearMatches()
