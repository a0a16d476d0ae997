import type { AgentProfile, AppSpec, AppSpecPermission } from '../model.ts'
import { isAclProblem, readAclEntry } from './acl.ts'
import { contextRangeProblem } from './context-range.ts'
import {
  fieldsOf,
  isNothing,
  isText,
  kindOf,
  listOf,
  mapOf,
  quote,
  strip,
  textOrNothing,
  textsOf,
  type Report,
} from './report.ts'
import type { MapTree, Tree } from './tree.ts'
import { printedTree, scalarValueOf } from './yaml-scalar.ts'

const permissionKeys = ['object', 'pattern', 'except', 'type', 'owner', 'group', 'mode', 'acls', 'context'] as const
const contextKeys = ['name', 'type', 'range'] as const
const cure = 'Write a list: `- object: /path` with the rest below it.'

export function readPermissions(
  tree: Tree | undefined,
  facts: { readonly agent: AgentProfile; readonly os: AppSpec['os'] | undefined },
  report: Report,
): readonly AppSpecPermission[] {
  const list = listOf(tree, 'permissions', 'permissions-not-a-list', cure, report)
  return (list?.items ?? []).flatMap((item, index): AppSpecPermission[] => {
    const path = `permissions[${index}]`
    const map = mapOf(item, path, 'permission-not-a-map', cure, report)
    if (!map) return []
    const permission = readPermission(map, path, facts.agent, report)
    if (facts.os === 'windows' && index === 0) {
      const message = 'permissions are given and os is windows, where the agent refuses them'
      report({ rule: 'permissions-on-windows', path: 'permissions', place: tree ?? map, message, cure: 'Remove them.' })
    }
    return [permission]
  })
}

/** In the order in which the agent looks: the object, the lists, the mode, the access list, the context. */
function readPermission(map: MapTree, path: string, agent: AgentProfile, report: Report): AppSpecPermission {
  const fields = fieldsOf(map, permissionKeys, path, report)
  const object = readObject(fields.get('object'), map, path, report)
  const pattern = textOrNothing(fields.get('pattern')) ?? '**'
  const except = textsOf(fields.get('except'), `${path}.except`, 'except-not-a-list', report) ?? []
  const type = readType(fields.get('type'), `${path}.type`, report)
  const owner = readAccount(fields.get('owner'), `${path}.owner`, report)
  const group = readAccount(fields.get('group'), `${path}.group`, report)
  const mode = readMode(fields.get('mode'), `${path}.mode`, agent, report)
  const acls = readAcls(fields.get('acls'), `${path}.acls`, report)
  const context = readContext(fields.get('context'), `${path}.context`, report)
  return {
    object,
    pattern,
    except,
    type,
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
    ...(mode === undefined ? {} : { mode }),
    ...(acls === undefined ? {} : { acls }),
    ...(context === undefined ? {} : { context }),
  }
}

function readObject(tree: Tree | undefined, map: MapTree, path: string, report: Report): string {
  const object = strip(printedTree(tree))
  if (object === '' && tree?.kind !== 'unreadable') {
    const message = `${path} has no object`
    const add = 'Add `object: /path/on/the/host`.'
    report({ rule: 'permission-object-missing', path: `${path}.object`, place: tree ?? map, message, cure: add })
  }
  return object
}

/** A number is nobody's name: the agent asks the system for the user of a name, and gets none. */
function readAccount(tree: Tree | undefined, path: string, report: Report): string | undefined {
  if (!tree || isNothing(tree)) return undefined
  const name = printedTree(tree)
  const write = 'Write the name of the account; the agent takes no ids.'
  if (!isText(tree)) {
    const message = `${path} is ${kindOf(tree)}, expected a name; the agent fails in the middle of Install`
    report({ rule: 'owner-numeric', path, place: tree, message, cure: write, noticedBy: 'install' })
  } else if (/^\d+$/.test(name)) {
    const message = `${path} is ${name}, which the agent takes for a name, not for an id`
    report({ severity: 'warning', rule: 'owner-numeric', path, place: tree, message, cure: write })
  }
  return name
}

function readMode(tree: Tree | undefined, path: string, agent: AgentProfile, report: Report): string | undefined {
  if (!tree || isNothing(tree)) return undefined
  const isPlain = tree.kind === 'scalar' && !tree.quoted
  const written = tree.kind === 'scalar' ? tree.text : printedTree(tree)
  // 1.8 gets the decimal digits of an octal number from Ruby; the tests of 2.x take an unquoted 0755.
  const mode = agent === 'official-1.8' ? printedTree(tree) : written
  const write = 'Write one to four octal digits in quotes, for example `mode: "0644"`.'
  const given = mode.padStart(3, '0')
  const wrong = [...mode].find((character) => !/[0-7]/.test(character))
  if ([...mode].length > 4) {
    const message = `the mode ${quote(mode)} has more than four digits`
    report({ rule: 'mode-too-long', path, place: tree, message, cure: write, given })
  } else if (wrong !== undefined) {
    const message = `the mode ${quote(mode)} holds ${JSON.stringify(wrong)}, expected octal digits`
    report({ rule: 'mode-invalid', path, place: tree, message, cure: write, given })
  } else if (mode === '') {
    const message = 'the mode is empty, which the agent takes as 0000'
    report({ severity: 'warning', rule: 'mode-empty', path, place: tree, message, cure: write })
  } else if (isPlain) {
    const message = `the mode ${written} has no quotes: ${consequenceOf(tree, written)}`
    report({ severity: 'warning', rule: 'mode-unquoted', path, place: tree, message, cure: write })
  }
  return mode
}

function consequenceOf(tree: Tree, written: string): string {
  const value = tree.kind === 'scalar' ? scalarValueOf(tree) : undefined
  if (value?.kind !== 'number' || value.text === written) {
    return 'it is safe only as long as nobody writes a zero in front'
  }
  const fate = /^[0-7]{1,4}$/.test(value.text) ? `sets the mode ${value.text.padStart(4, '0')}` : 'refuses it'
  return `an agent before 2.0 reads the number ${value.text} and ${fate}`
}

function readType(tree: Tree | undefined, path: string, report: Report): readonly ('file' | 'directory')[] {
  const words = textsOf(tree, path, 'type-not-a-list', report)
  if (!words) return ['file', 'directory']
  return words.flatMap((word, index) => {
    if (word === 'file' || word === 'directory') return [word]
    const place = itemOf(tree, index)
    const message = `the type ${JSON.stringify(quote(word))} is unknown, expected file or directory`
    const write = 'Write `type: [file]`, `[directory]` or both.'
    report({ rule: 'type-unknown', path: `${path}[${index}]`, place, message, cure: write })
    return []
  })
}

function readAcls(tree: Tree | undefined, path: string, report: Report): readonly string[] | undefined {
  const acls = textsOf(tree, path, 'acl-invalid', report)
  acls?.forEach((entry, index) => {
    const read = readAclEntry(entry)
    if (!isAclProblem(read)) return
    const message = `the entry ${JSON.stringify(quote(entry))} ${read.problem}`
    const write =
      read.rule === 'acl-base-entry'
        ? 'Leave it out and set `mode`.'
        : 'Write entries as setfacl takes them: `user:deploy:rw`.'
    report({ rule: read.rule, path: `${path}[${index}]`, place: itemOf(tree, index), message, cure: write })
  })
  return acls
}

function readContext(tree: Tree | undefined, path: string, report: Report): AppSpecPermission['context'] {
  if (!tree || isNothing(tree)) return undefined
  const map = mapOf(tree, path, 'context-invalid', 'Write `context:` with `type:` below it.', report)
  if (!map) return undefined
  const fields = fieldsOf(map, contextKeys, path, report)
  const type = textOrNothing(fields.get('type'))
  const name = textOrNothing(fields.get('name'))
  const range = textOrNothing(fields.get('range'))
  if (type === undefined) {
    if (fields.get('type')?.kind === 'unreadable') return undefined
    const message = 'the context has no type'
    const given = printedTree(map)
    report({ rule: 'context-type-missing', path: `${path}.type`, place: map, message, cure: 'Add `type: …`.', given })
    return undefined
  }
  checkRange(range, fields.get('range') ?? map, `${path}.range`, report)
  return { type, ...(name === undefined ? {} : { name }), ...(range === undefined ? {} : { range }) }
}

function checkRange(range: string | undefined, place: Tree, path: string, report: Report): void {
  if (range === undefined) {
    const message = 'the context has no range, and agents before 2.0 fail on that in Install'
    report({ severity: 'warning', rule: 'context-range-missing', path, place, message, cure: 'Add `range: s0`.' })
    return
  }
  const problem = contextRangeProblem(range)
  if (problem === undefined) return
  const message = `the range ${JSON.stringify(quote(range))} ${problem}`
  report({ rule: 'context-range', path, place, message, cure: 'Write for example `range: s0`.' })
}

function itemOf(tree: Tree | undefined, index: number): Tree | { readonly line: number; readonly column: number } {
  return (tree?.kind === 'list' ? tree.items[index] : undefined) ?? tree ?? { line: 1, column: 1 }
}
