import { readFileSync } from 'node:fs'
import fc from 'fast-check'

interface Vectors {
  readonly values: Readonly<Record<string, string>>
  readonly cells: Readonly<Record<string, Readonly<Record<string, 'ok' | 'impossible'>>>>
}

/** The measured values; `test/vectors/README.md` says how. */
export const vectors = JSON.parse(readFileSync(new URL('../vectors/values.json', import.meta.url), 'utf8')) as Vectors

/** Pieces that parsers of environment files stumble over. */
const pieces = [
  ...['a', 'b', 'é', '🔐', '\u2028', '\u0085', '\u00a0', '\ufeff', ' ', '\t', '\v', '\f'],
  ...["'", '"', '`', '\\', '\n', '\r', '\r\n', '#', ' #', '=', ';', '&', '|', '(', ')', '{', '}', '!', '~', '%'],
  ...['$', '$b', '${X}', '${X:-y}', '${HOME', '$(id)', '`id`', '\\n', '\\r', '\\t', "\\'", '\\"', '\\$', '\\\\'],
  ...['\nEVIL=1', '\nexport EVIL=1', "'\nEVIL='", '"\n#', 'export ', 'KEY=', '\n#.', "'.", '#".'],
]

/** Values of hostile pieces, mixed with any text; the parsers' favourite faults are a few pieces long. */
export const hostileValue: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', '')),
  fc.constantFrom(...Object.values(vectors.values).filter((value) => !value.includes('\0'))),
)

/** How many cases a property tries. The long tier sets FAIRLEAD_PROPERTY_RUNS. */
export function propertyRuns(short: number): number {
  return Number(process.env['FAIRLEAD_PROPERTY_RUNS'] ?? short)
}
