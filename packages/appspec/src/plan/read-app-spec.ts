import {
  fileExistsBehaviors,
  type AgentProfile,
  type AppSpec,
  type AppSpecFinding,
  type FileExistsBehavior,
} from '../model.ts'
import { readFiles } from './read-files.ts'
import { readHooks, type Hooks } from './read-hooks.ts'
import { readPermissions } from './read-permissions.ts'
import { collectReferences, type BundleReference } from './references.ts'
import { fieldsOf, isNothing, kindOf, quote, toFinding, type Report } from './report.ts'
import type { MapTree, Tree, TreeReading } from './tree.ts'
import { printedTree, scalarValueOf } from './yaml-scalar.ts'

export interface AppSpecReading {
  /** What the agent works with; `undefined` where it refuses the file as a whole. */
  readonly spec: AppSpec | undefined
  /** In the order in which the agent looks: what it refuses for is the first error. */
  readonly findings: readonly AppSpecFinding[]
  /** What could be read in spite of the errors. */
  readonly references: readonly BundleReference[]
  /** The events that the hooks name, also those without scripts. */
  readonly events: readonly string[]
}

export interface ReadingFacts {
  readonly agent: AgentProfile
  /** The system of the host. An agent before 2.0 takes its own only; 2.x takes both names. Default: both are taken. */
  readonly hostOs?: AppSpec['os'] | undefined
}

const topKeys = ['version', 'os', 'file_exists_behavior', 'files', 'permissions', 'hooks'] as const

const treeCures = {
  'byte-order-mark':
    'Save the file as UTF-8 without a byte order mark: the agent takes the mark as part of the first key.',
  'yaml-syntax': 'Correct the YAML at this place.',
  'yaml-alias': 'Repeat the value in place of the alias: the agent reads YAML without aliases.',
  'yaml-date': 'Put it in quotes.',
  'yaml-tag': 'Remove the tag: the agent reads plain values only.',
} as const

/** Reads the tree of an appspec.yml, reporting everything that is wrong with it at once. */
export function readAppSpec({ root, defects, second }: TreeReading, facts: ReadingFacts): AppSpecReading {
  const findings: AppSpecFinding[] = []
  const references = collectReferences()
  const report: Report = (reported) => void findings.push(toFinding(reported))
  for (const { rule, message, ...place } of defects) {
    report({ rule, path: '', place, message, cure: treeCures[rule] })
  }
  if (second) {
    const message = 'a second document begins here, of which the agent reads nothing'
    report({ severity: 'warning', rule: 'several-documents', path: '', place: second, message, cure: 'Remove it.' })
  }
  const parts =
    root?.kind === 'map'
      ? readMap(root, facts, report, references)
      : root || defects.length === 0
        ? refuse(root, report)
        : undefined
  const isRefused = findings.some(({ severity, noticedBy }) => severity === 'error' && noticedBy === undefined)
  const { events = [], ...spec } = parts ?? {}
  return {
    spec: isRefused || !parts ? undefined : (spec as AppSpec),
    findings,
    references: references.list,
    events,
  }
}

/** What stands in the place of keys. */
function refuse(root: Tree | undefined, report: Report): undefined {
  if (root?.kind === 'unreadable') return
  const isFalse = root?.kind === 'scalar' && printedTree(root) === 'false'
  if (!root || isNothing(root) || isFalse) {
    const place = root ?? { line: 1, column: 1 }
    const cure = 'Write at least `version: 0.0` and `os: linux`.'
    report({ rule: 'empty', path: '', place, message: 'the file is empty', cure })
    return
  }
  const message = `the file holds ${kindOf(root)}, expected keys such as version, os and hooks`
  const cure = 'Begin with `version: 0.0` and `os: linux`, each on a line.'
  report({ rule: 'not-a-map', path: '', place: root, message, cure })
}

type Parts = { readonly [Key in keyof AppSpec]?: AppSpec[Key] | undefined } & Pick<Hooks, 'events'>

/** In the order in which the agent looks. */
function readMap(
  root: MapTree,
  { agent, hostOs }: ReadingFacts,
  report: Report,
  references: ReturnType<typeof collectReferences>,
): Parts {
  const fields = fieldsOf(root, topKeys, '', report)
  const version = readVersion(fields.get('version'), root, report)
  const os = readOs(fields.get('os'), root, agent === 'official-1.8' ? hostOs : undefined, report)
  const { scripts: hooks, events } = readHooks(fields.get('hooks'), report, references)
  const files = readFiles(fields.get('files'), report, references)
  const permissions = readPermissions(fields.get('permissions'), { agent, os }, report)
  const fileExistsBehavior = readFileExistsBehavior(fields.get('file_exists_behavior'), report)
  return { version, os, files, permissions, hooks, ...(fileExistsBehavior ? { fileExistsBehavior } : {}), events }
}

function readVersion(tree: Tree | undefined, root: MapTree, report: Report): 0 | undefined {
  const cure = 'Write `version: 0.0`, without quotes.'
  if (tree?.kind === 'unreadable') return undefined
  const value = tree?.kind === 'scalar' ? scalarValueOf(tree) : undefined
  if (value?.kind === 'number' && value.value === 0) return 0
  const given = printedTree(tree)
  const place = tree ?? root
  if (tree?.kind === 'scalar' && tree.quoted) {
    const message = `version is the text ${JSON.stringify(quote(tree.text))}, expected the number 0.0`
    report({ rule: 'version-quoted', path: 'version', place, message, cure, given })
    return undefined
  }
  const what = !tree ? 'missing' : tree.kind === 'scalar' && given !== '' ? quote(tree.text) : kindOf(tree)
  report({
    rule: 'version-unsupported',
    path: 'version',
    place,
    message: `version is ${what}, expected 0.0`,
    cure,
    given,
  })
  return undefined
}

function readOs(
  tree: Tree | undefined,
  root: MapTree,
  only: AppSpec['os'] | undefined,
  report: Report,
): AppSpec['os'] | undefined {
  if (tree?.kind === 'unreadable') return undefined
  const value = tree?.kind === 'scalar' ? scalarValueOf(tree) : undefined
  const os = value?.kind === 'text' ? value.text : undefined
  if ((os === 'linux' || os === 'windows') && (only === undefined || os === only)) return os
  const given = printedTree(tree)
  const what = os === undefined ? (tree ? kindOf(tree) : 'missing') : JSON.stringify(quote(os))
  const message = `os is ${what}, expected ${only ?? 'linux or windows'}`
  const cure = `Write \`os: ${only ?? 'linux'}\`, in lower case.`
  report({ rule: 'os-unsupported', path: 'os', place: tree ?? root, message, cure, given })
  return undefined
}

function readFileExistsBehavior(tree: Tree | undefined, report: Report): FileExistsBehavior | undefined {
  if (!tree || isNothing(tree)) return undefined
  const value = tree.kind === 'scalar' ? scalarValueOf(tree) : undefined
  const known = fileExistsBehaviors.find((behavior) => value?.kind === 'text' && behavior === value.text)
  if (known) return known
  const what = value?.kind === 'text' ? JSON.stringify(quote(value.text)) : kindOf(tree)
  const message = `file_exists_behavior is ${what}, expected ${fileExistsBehaviors.join(', ')}`
  const cure = 'Write one of the three words in upper case.'
  report({ rule: 'file-exists-behavior', path: 'file_exists_behavior', place: tree, message, cure })
  return undefined
}
