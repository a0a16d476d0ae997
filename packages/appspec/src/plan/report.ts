import { describeValue, nearestName } from '@fairlead/core'
import { quotedCharacters } from '../limits.ts'
import type { AppSpecFinding, AppSpecRule } from '../model.ts'
import type { ListTree, MapTree, Tree } from './tree.ts'
import { printedTree, scalarValueOf } from './yaml-scalar.ts'

/** Where something is wrong: a part of the file, or a bare place. */
type Place = Tree | { readonly line: number; readonly column: number }

export interface ReportedFinding {
  readonly rule: AppSpecRule
  readonly path: string
  readonly place: Place
  readonly message: string
  readonly cure: string
  /** Default `error`. */
  readonly severity?: AppSpecFinding['severity']
  /** Default: the part of the file as the agent prints it. */
  readonly given?: string
  readonly noticedBy?: 'install'
}

/** Takes down what is found, in the order in which the agent looks. */
export type Report = (finding: ReportedFinding) => void

export function toFinding(reported: ReportedFinding): AppSpecFinding {
  const { place, severity = 'error', noticedBy, rule, path, message, cure } = reported
  const printed =
    'kind' in place && place.kind !== 'unreadable' && place.kind !== 'map' ? printedTree(place) : undefined
  const given = reported.given ?? printed
  return {
    severity,
    rule,
    path,
    line: place.line,
    column: place.column,
    message,
    cure,
    ...(given === undefined ? {} : { given }),
    ...(noticedBy ? { noticedBy } : {}),
  }
}

/** What the agent does not see: nothing, `null`, and for most keys `false` too. */
export function isNothing(tree: Tree | undefined): boolean {
  return !tree || tree.kind === 'unreadable' || (tree.kind === 'scalar' && scalarValueOf(tree).kind === 'nothing')
}

export function isFalsy(tree: Tree | undefined): boolean {
  if (!tree || isNothing(tree)) return true
  const value = tree.kind === 'scalar' ? scalarValueOf(tree) : undefined
  return value?.kind === 'truth' && !value.value
}

/** Ruby's `strip`. */
export function strip(text: string): string {
  return text.replace(/^[\0\t\n\v\f\r ]+|[\0\t\n\v\f\r ]+$/g, '')
}

/** The fields of a map; of a key that stands twice the last counts. Unknown ones are told. */
export function fieldsOf(
  map: MapTree,
  known: readonly string[],
  path: string,
  report: Report,
): ReadonlyMap<string, Tree> {
  const fields = distinct(map, path, report)
  for (const { key } of map.entries) {
    if (known.includes(key.text)) continue
    const nearest = nearestName(key.text, known)
    report({
      severity: 'warning',
      rule: 'unknown-key',
      path: path ? `${path}.${key.text}` : key.text,
      place: key,
      message: `the key ${JSON.stringify(quote(key.text))} is unknown; the agent ignores it without a word`,
      cure: nearest ? `Did you mean ${nearest}?` : `Remove it; the keys here are ${known.join(', ')}.`,
    })
  }
  return fields
}

/** The values of a map by the text of their keys, in the order in which the keys stand first. */
export function distinct(map: MapTree, path: string, report: Report): ReadonlyMap<string, Tree> {
  const values = new Map<string, Tree>()
  for (const { key, value } of map.entries) {
    if (values.has(key.text)) {
      report({
        severity: 'warning',
        rule: 'duplicate-key',
        path: path ? `${path}.${key.text}` : key.text,
        place: key,
        message: `${JSON.stringify(quote(key.text))} stands here a second time; the agent takes the last and drops the rest without a word`,
        cure: 'Join the two.',
      })
    }
    values.set(key.text, value)
  }
  return values
}

export function listOf(
  tree: Tree | undefined,
  path: string,
  rule: AppSpecRule,
  cure: string,
  report: Report,
): ListTree | undefined {
  if (!tree || isFalsy(tree)) return undefined
  if (tree.kind === 'list') return tree
  report({ rule, path, place: tree, message: `${path} is ${kindOf(tree)}, expected a list`, cure })
  return undefined
}

export function mapOf(tree: Tree, path: string, rule: AppSpecRule, cure: string, report: Report): MapTree | undefined {
  if (tree.kind === 'map') return tree
  if (tree.kind !== 'unreadable') {
    report({ rule, path, place: tree, message: `${path} is ${kindOf(tree)}, expected keys`, cure })
  }
  return undefined
}

/** The texts of a list, each as the agent turns it into text. */
export function textsOf(tree: Tree | undefined, path: string, rule: AppSpecRule, report: Report): string[] | undefined {
  const list = listOf(tree, path, rule, 'Write a list, for example `[one, two]`.', report)
  return list?.items.map(printedTree)
}

export function textOrNothing(tree: Tree | undefined): string | undefined {
  return isNothing(tree) ? undefined : printedTree(tree)
}

/** Whether the agent sees a text there, and no number, truth, list or map. */
export function isText(tree: Tree): boolean {
  return tree.kind === 'scalar' && scalarValueOf(tree).kind === 'text'
}

export function kindOf(tree: Tree): string {
  switch (tree.kind) {
    case 'list':
      return 'a list'
    case 'map':
      return 'a map'
    case 'unreadable':
      return 'unreadable'
    case 'scalar': {
      const value = scalarValueOf(tree)
      if (value.kind === 'nothing') return 'empty'
      const kind = { truth: 'the truth', number: 'the number', symbol: 'the symbol', text: 'the text' }[value.kind]
      return value.kind === 'text' ? `${kind} ${describeValue(tree.text)}` : `${kind} ${quote(printedTree(tree))}`
    }
  }
}

export function quote(text: string): string {
  return text.length > quotedCharacters ? `${text.slice(0, quotedCharacters - 1)}…` : text
}
