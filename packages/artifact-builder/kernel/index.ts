/** What the kernel does for its caller. */
import { makeCodeTables } from './codes'
import { clearMatches } from './matches'
import {
  columns,
  filePattern,
  folderPattern,
  passage,
  passageBytes,
  source,
  sourceBytes,
  target,
  triplePlaces,
  typeNames,
} from './memory'

export { deflate } from './deflate'
export { writeHeaders } from './headers'
export { inflatesTo } from './inflates-to'
export { placeColumns, writeLines } from './lines'
export { nextWindow } from './windows'

export const sourceAddress: usize = source
export const sourceSize: usize = sourceBytes
export const targetAddress: usize = target
export const triplePlacesAddress: usize = triplePlaces
export const columnsAddress: usize = columns
export const filePatternAddress: usize = filePattern
export const folderPatternAddress: usize = folderPattern
export const typeNamesAddress: usize = typeNames
export const passageAddress: usize = passage
export const passageSize: usize = passageBytes

makeCodeTables()
clearMatches()
