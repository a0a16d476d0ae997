/**
 * A line without control characters: a name out of somebody else's archive could hold what a terminal obeys, or a line
 * that looks like one of ours.
 */
export function printable(line: string): string {
  return line.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
