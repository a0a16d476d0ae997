/** Which values a dialect holds, as its real parser sees it: each value alone and between every pair of neighbours. */
import { dialects } from '../../src/plan/dialects.ts'
import { encodeIn, fileOf } from '../../src/plan/env-text.ts'
import type { Dialect } from '../../src/plan/dialects/dialect.ts'
import type { Oracle, Reading } from './oracles.ts'

/** The format of `values.json`. */
export interface ValuesFile {
  readonly values: Readonly<Record<string, string>>
  /** Parser → value → what must come of it. */
  readonly cells: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** What a value comes to in a dialect: it comes back byte for byte everywhere, it is refused, or neither. */
export type Outcome = 'exact' | 'refused' | 'wrong'

/** Variables in the order of their file. */
type Variables = readonly (readonly [name: string, value: string])[]

/** So much text goes into one file of neighbours; shells pass it on in an environment, which has an end. */
const fileCharacters = 12 * 1024
const filesAtOnce = 200

/** The outcome of every value. */
export async function outcomesOf(
  oracle: Oracle,
  values: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  const dialect = dialects[oracle.dialect]
  const held = Object.entries(values).filter(([name, value]) => {
    const isHeld = 'text' in encodeIn(dialect, 'K', value)
    outcomes.set(name, isHeld ? 'exact' : 'refused')
    return isHeld
  })
  const wrong = (name: string) => outcomes.set(name, 'wrong')

  const alone = held.map(([, value]): Variables => [
    ['BEFORE', '1'],
    ['K', value],
    ['AFTER', '2'],
  ])
  for (const [index, isRight] of (await areRead(oracle, alone)).entries()) if (!isRight) wrong(held[index]![0])

  // A value that is wrong alone is wrong beside others too, and no fault of theirs.
  const sound = held.filter(([name]) => outcomes.get(name) !== 'wrong')
  for (const file of filesOfNeighbours(sound)) {
    const found = await areRead(
      oracle,
      file.map(({ variables }) => variables),
    )
    for (const [index, isRight] of found.entries()) {
      if (isRight) continue
      // Which of them it was shows when each has a file of its own.
      const triples = file[index]!.triples
      const each = await areRead(
        oracle,
        triples.map(({ variables }) => variables),
      )
      const guilty = triples.filter((_, triple) => !each[triple]).map(({ value }) => value)
      for (const name of guilty.length > 0 ? guilty : triples.map(({ value }) => value)) wrong(name)
    }
  }
  return outcomes
}

interface Triple {
  /** The name of the value in the middle. */
  readonly value: string
  readonly variables: Variables
}

/** Every value between every ordered pair, many to a file, some files at a time. */
function* filesOfNeighbours(
  held: readonly (readonly [string, string])[],
): Generator<readonly { readonly triples: readonly Triple[]; readonly variables: Variables }[]> {
  let files: { triples: Triple[]; variables: [string, string][] }[] = []
  let characters = Number.POSITIVE_INFINITY
  for (const [name, value] of held) {
    for (const [, before] of held) {
      for (const [, after] of held) {
        const length = before.length + value.length + after.length + 30
        if (characters + length > fileCharacters) {
          if (files.length === filesAtOnce) {
            yield files
            files = []
          }
          files.push({ triples: [], variables: [] })
          characters = 0
        }
        const number = files.at(-1)!.triples.length
        const triple = [
          [`A${number}`, before],
          [`K${number}`, value],
          [`Z${number}`, after],
        ] satisfies [string, string][]
        characters += length
        files.at(-1)!.triples.push({ value: name, variables: triple })
        files.at(-1)!.variables.push(...triple)
      }
    }
  }
  if (files.length > 0) yield files
}

/** For each set of variables, whether its file gives back those and no other. */
export async function areRead(oracle: Oracle, sets: readonly Variables[]): Promise<readonly boolean[]> {
  const dialect = dialects[oracle.dialect]
  const files = sets.map((variables) =>
    fileOf(
      dialect,
      variables.map(([name, value]) => textOf(dialect, name, value)),
    ),
  )
  const readings = await oracle.read(files)
  return sets.map((variables, index) => gives(readings[index], variables))
}

/** Encodings by dialect, name and value: the same names come back in every file. */
const texts = new Map<string, string>()

function textOf(dialect: Dialect, name: string, value: string): string {
  const key = `${dialect.name} ${name} ${value}`
  const known = texts.get(key)
  if (known !== undefined) return known
  const encoding = encodeIn(dialect, name, value)
  const text = 'text' in encoding ? encoding.text : ''
  texts.set(key, text)
  return text
}

function gives(reading: Reading, variables: Variables): boolean {
  if (reading === undefined || Object.keys(reading).length !== variables.length) return false
  return variables.every(([name, value]) => Object.hasOwn(reading, name) && reading[name] === value)
}
