import { expect } from 'vitest'
import { suite } from './all.ts'
import { runCase, type Endpoint } from './suite.ts'

/** Where another server and the suite disagree. */
export interface Difference {
  /** The name of the server, or of this one. */
  readonly right: 'local-aws' | 'moto'
  /** What the other server does instead. */
  readonly because: string
}

/** Another server, and what was decided about it. */
export interface Witness {
  readonly name: string
  readonly version: string
  readonly endpoint: Endpoint
  /** By the name of the case. */
  readonly differences: Readonly<Record<string, Difference>>
  /** The version that the differences were found with. */
  readonly decidedWith: string
}

/** The cases of the groups that the server has. */
export function casesOfGroups(has: (group: string) => boolean) {
  return Object.entries(suite).flatMap(([group, cases]) => (has(group) ? cases : []))
}

/** Differences that name no case of the suite. */
export function unknownCases(differences: Witness['differences']): readonly string[] {
  const names = casesOfGroups(() => true).map(({ name }) => name)
  return Object.keys(differences).filter((name) => !names.includes(name))
}

/** Runs the cases, lists those that fail with who is right and the document, and fails where that is not decided. */
export async function holdTo(
  { name: server, version, endpoint, differences, decidedWith }: Witness,
  cases: ReturnType<typeof casesOfGroups>,
): Promise<void> {
  const failed: string[] = []
  for (const one of cases) {
    await runCase(one, endpoint).catch(() => failed.push(one.name))
  }
  console.log(`${server} ${version}: ${cases.length - failed.length} of ${cases.length} cases pass; the others:`)
  for (const name of failed) {
    const document = cases.find((one) => one.name === name)?.document
    const { right, because } = differences[name] ?? { right: 'undecided', because: '' }
    console.log(`  ${right} is right: ${name}${because && ` (${because})`}\n    ${document}`)
  }
  expect(
    failed.filter((name) => !Object.hasOwn(differences, name)),
    'not decided yet',
  ).toEqual([])
  const passed = Object.keys(differences).filter((name) => !failed.includes(name))
  if (version === decidedWith) expect(passed, 'no difference any more').toEqual([])
}
