import { randomInt } from 'node:crypto'

/** Letters that nothing else in the project prints, so that a piece of four is proof of a leak. */
const alphabet = 'ꓐꓑꓒꓓꓔꓕꓖꓗꓘꓙꓚꓛ'

/** A made-up secret, and a check that finds any four of its letters in a text. */
export function canary(length = 24): { readonly value: string; readonly leaksInto: (text: string) => boolean } {
  const value = Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
  const pieces = Array.from({ length: length - 3 }, (_, index) => value.slice(index, index + 4))
  return { value, leaksInto: (text) => pieces.some((piece) => text.includes(piece)) }
}
