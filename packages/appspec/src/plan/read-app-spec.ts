import { describeValue, nearestName } from '@fairlead/core'
import { defaultScriptTimeoutSeconds, lifecycleEventSeconds, quotedCharacters } from '../limits.ts'
import {
  fileExistsBehaviors,
  lifecycleEvents,
  scriptedEvents,
  type AgentProfile,
  type AppSpec,
  type AppSpecFile,
  type AppSpecFinding,
  type AppSpecPermission,
  type AppSpecRule,
  type AppSpecScript,
  type FileExistsBehavior,
} from '../model.ts'
import { aclProblem } from './acl.ts'
import type { ListTree, MapTree, ScalarTree, Tree, TreeReading } from './tree.ts'

/** A path of the bundle that the file names, with its place. */
export interface BundleReference {
  readonly kind: 'source' | 'script'
  readonly value: string
  readonly path: string
  readonly line: number
  readonly column: number
}

export interface AppSpecReading {
  /** `undefined` when a finding is an error. */
  readonly spec: AppSpec | undefined
  readonly findings: readonly AppSpecFinding[]
  /** What could be read in spite of the errors. */
  readonly references: readonly BundleReference[]
}

interface Report {
  (
    severity: AppSpecFinding['severity'],
    rule: AppSpecRule,
    path: string,
    tree: { readonly line: number; readonly column: number },
    message: string,
    cure: string,
  ): void
}

const topKeys = ['version', 'os', 'file_exists_behavior', 'files', 'permissions', 'hooks'] as const
const fileKeys = ['source', 'destination'] as const
const permissionKeys = ['object', 'pattern', 'except', 'type', 'owner', 'group', 'mode', 'acls', 'context'] as const
const contextKeys = ['name', 'type', 'range'] as const
const scriptKeys = ['location', 'timeout', 'runas'] as const

const treeCures = {
  'byte-order-mark':
    'Save the file as UTF-8 without a byte order mark: the agent takes the mark as part of the first key.',
  'yaml-syntax': 'Correct the YAML at this place.',
  'yaml-alias': 'Repeat the value in place of the alias: the agent reads YAML without aliases.',
  'yaml-tag': 'Remove the tag: the agent reads plain values only.',
} as const

/** Reads the tree of an appspec.yml, reporting everything that is wrong with it at once. */
export function readAppSpec({ root, defects }: TreeReading, agent: AgentProfile = 'official-2'): AppSpecReading {
  const findings: AppSpecFinding[] = []
  const references: BundleReference[] = []
  const report: Report = (severity, rule, path, { line, column, ...tree }, message, cure) => {
    const given = 'text' in tree && typeof tree.text === 'string' ? { given: quote(tree.text) } : {}
    findings.push({ severity, rule, path, line, column, message, cure, ...given })
  }
  const answer = (parts: { readonly [Key in keyof AppSpec]?: AppSpec[Key] | undefined }): AppSpecReading => {
    const { version, os, files = [], permissions = [], hooks = {}, fileExistsBehavior } = parts
    const failed = findings.some(({ severity }) => severity === 'error')
    const spec =
      failed || version === undefined || os === undefined
        ? undefined
        : { version, os, files, permissions, hooks, ...(fileExistsBehavior ? { fileExistsBehavior } : {}) }
    return { spec, findings, references }
  }

  for (const defect of defects) report('error', defect.rule, '', defect, defect.message, treeCures[defect.rule])
  if (!root) {
    if (findings.length === 0) {
      report(
        'error',
        'empty',
        '',
        { line: 1, column: 1 },
        'the file is empty',
        'Write at least `version: 0.0` and `os: linux`.',
      )
    }
    return answer({})
  }
  if (root.kind !== 'map') {
    if (root.kind !== 'unreadable') {
      const message = `the file holds ${kindOf(root)}, expected keys such as version, os and hooks`
      report('error', 'not-a-map', '', root, message, 'Begin with `version: 0.0` and `os: linux`, each on a line.')
    }
    return answer({})
  }
  const fields = fieldsOf(root, topKeys, '', report)
  const version = readVersion(fields.get('version'), root, report)
  const os = readOs(fields.get('os'), root, report)
  const hooks = readHooks(fields.get('hooks'), report, references)
  const files = readFiles(fields.get('files'), report, references)
  const permissions = readPermissions(fields.get('permissions'), agent, report)
  const fileExistsBehavior = readFileExistsBehavior(fields.get('file_exists_behavior'), report)
  if (os === 'windows' && permissions.length > 0) {
    const message = 'permissions are given and os is windows; the agent ignores them there'
    report(
      'warning',
      'permissions-on-windows',
      'permissions',
      fields.get('permissions') ?? root,
      message,
      'Remove them.',
    )
  }
  return answer({ version, os, hooks, files, permissions, ...(fileExistsBehavior ? { fileExistsBehavior } : {}) })
}

function readVersion(tree: Tree | undefined, root: MapTree, report: Report): 0 | undefined {
  const cure = 'Write `version: 0.0`, without quotes.'
  if (tree?.kind === 'unreadable') return undefined
  if (!tree || tree.kind !== 'scalar' || tree.isNull) {
    const given = tree ? kindOf(tree) : 'missing'
    report('error', 'version-unsupported', 'version', tree ?? root, `version is ${given}, expected 0.0`, cure)
    return undefined
  }
  if (tree.quoted) {
    const message = `version is the text ${JSON.stringify(quote(tree.text))}, expected the number 0.0`
    report('error', 'version-quoted', 'version', tree, message, cure)
    return undefined
  }
  if (tree.text.trim() === '' || Number(tree.text) !== 0) {
    report('error', 'version-unsupported', 'version', tree, `version is ${quote(tree.text)}, expected 0.0`, cure)
    return undefined
  }
  return 0
}

function readOs(tree: Tree | undefined, root: MapTree, report: Report): AppSpec['os'] | undefined {
  if (tree?.kind === 'unreadable') return undefined
  const value = tree?.kind === 'scalar' && !tree.isNull ? tree.text : undefined
  if (value === 'linux' || value === 'windows') return value
  const given = value === undefined ? (tree ? kindOf(tree) : 'missing') : JSON.stringify(quote(value))
  const message = `os is ${given}, expected linux or windows`
  report('error', 'os-unsupported', 'os', tree ?? root, message, 'Write `os: linux`, in lower case.')
  return undefined
}

function readFileExistsBehavior(tree: Tree | undefined, report: Report): FileExistsBehavior | undefined {
  if (!tree || isNothing(tree)) return undefined
  const value = tree.kind === 'scalar' ? tree.text : undefined
  const known = fileExistsBehaviors.find((behavior) => behavior === value)
  if (!known) {
    const given = value === undefined ? kindOf(tree) : JSON.stringify(quote(value))
    const message = `file_exists_behavior is ${given}, expected ${fileExistsBehaviors.join(', ')}`
    const cure = 'Write one of the three words in upper case.'
    report('error', 'file-exists-behavior', 'file_exists_behavior', tree, message, cure)
  }
  return known
}

function readFiles(tree: Tree | undefined, report: Report, references: BundleReference[]): AppSpecFile[] {
  const cure = 'Write a list: `- source: …` with `destination: …` below it.'
  const list = listOf(tree, 'files', 'files-not-a-list', cure, report)
  return (list?.items ?? []).flatMap((item, index): AppSpecFile[] => {
    const path = `files[${index}]`
    const map = mapOf(item, path, 'file-not-a-map', cure, report)
    if (!map) return []
    const fields = fieldsOf(map, fileKeys, path, report)
    const read = (key: 'source' | 'destination', rule: AppSpecRule) => {
      const field = fields.get(key)
      if (!field || isNothing(field)) {
        if (field?.kind !== 'unreadable') {
          report('error', rule, `${path}.${key}`, field ?? map, `${path} has no ${key}`, `Add \`${key}: …\`.`)
        }
        return undefined
      }
      return textOf(field, `${path}.${key}`, report)
    }
    const source = read('source', 'file-source-missing')
    const destination = read('destination', 'file-destination-missing')
    const sourceTree = fields.get('source')
    if (source !== undefined && sourceTree) references.push(reference('source', source, `${path}.source`, sourceTree))
    if (source === undefined || destination === undefined) return []
    if (!destination.startsWith('/') && !/^[A-Za-z]:[\\/]/.test(destination)) {
      const message = `the destination ${JSON.stringify(quote(destination))} is relative; the agent takes it from its own working directory`
      const place = fields.get('destination') ?? map
      report('warning', 'destination-relative', `${path}.destination`, place, message, 'Write an absolute path.')
    }
    return [{ source, destination }]
  })
}

function readHooks(
  tree: Tree | undefined,
  report: Report,
  references: BundleReference[],
): Readonly<Record<string, readonly AppSpecScript[]>> {
  if (!tree || isNothing(tree)) return {}
  const map = mapOf(tree, 'hooks', 'hooks-not-a-map', 'Write one key for each event, such as `AfterInstall:`.', report)
  if (!map) return {}
  const hooks = distinct(map, 'hooks', report).map(({ key, value }) => {
    const path = `hooks.${key.text}`
    if (!lifecycleEvents.some((event) => event === key.text)) {
      const nearest = nearestName(key.text, scriptedEvents)
      const message = `there is no lifecycle event ${JSON.stringify(quote(key.text))}; its scripts never run`
      const cure = nearest ? `Did you mean ${nearest}?` : `The events with scripts are ${scriptedEvents.join(', ')}.`
      report('warning', 'unknown-event', path, key, message, cure)
    } else if (!scriptedEvents.some((event) => event === key.text) && !isEmpty(value)) {
      const message = `the agent runs no scripts in ${key.text}; these never run`
      report('warning', 'event-runs-no-scripts', path, key, message, 'Move them to an event before or after it.')
    }
    const runs = scriptedEvents.some((event) => event === key.text)
    // A script that never runs need not be in the bundle.
    return [key.text, readScripts(value, path, report, runs ? references : [])] as const
  })
  return Object.fromEntries(hooks.filter(([, scripts]) => scripts.length > 0))
}

function readScripts(tree: Tree, path: string, report: Report, references: BundleReference[]): AppSpecScript[] {
  const cure = 'Write a list: `- location: scripts/…`.'
  const list = listOf(tree, path, 'hook-not-a-list', cure, report)
  let explicitSeconds = 0
  const scripts = (list?.items ?? []).flatMap((item, index): AppSpecScript[] => {
    const at = `${path}[${index}]`
    const map = mapOf(item, at, 'script-not-a-map', cure, report)
    if (!map) return []
    const fields = fieldsOf(map, scriptKeys, at, report)
    const locationTree = fields.get('location')
    const timeout = readTimeout(fields.get('timeout'), `${at}.timeout`, report)
    if (fields.has('timeout') && timeout !== undefined && !isEmpty(fields.get('timeout'))) explicitSeconds += timeout
    const runas = optionalText(fields.get('runas'), `${at}.runas`, report)
    if (!locationTree || isNothing(locationTree)) {
      if (locationTree?.kind !== 'unreadable') {
        report('error', 'script-location-missing', `${at}.location`, locationTree ?? map, `${at} has no location`, cure)
      }
      return []
    }
    const location = textOf(locationTree, `${at}.location`, report)?.trim()
    if (location === undefined) return []
    references.push(reference('script', location, `${at}.location`, locationTree))
    if (timeout === undefined) return []
    return [{ location, timeoutSeconds: timeout, ...(runas === undefined ? {} : { runas }) }]
  })
  if (explicitSeconds > lifecycleEventSeconds) {
    const message = `the timeouts add up to ${explicitSeconds} s; CodeDeploy ends an event after ${lifecycleEventSeconds} s`
    report(
      'warning',
      'event-timeouts',
      path,
      tree,
      message,
      'Shorten them, or do the long work outside the deployment.',
    )
  }
  return scripts
}

function readTimeout(tree: Tree | undefined, path: string, report: Report): number | undefined {
  if (!tree || isEmpty(tree)) return defaultScriptTimeoutSeconds
  if (tree.kind === 'unreadable') return undefined
  const text = tree.kind === 'scalar' ? tree.text.trim() : ''
  // A fraction is cut, as the agent does.
  const seconds = /^\+?\d+(?:\.\d*)?$/.test(text) ? Math.floor(Number(text)) : 0
  if (seconds > 0) return seconds
  const given = tree.kind === 'scalar' ? quote(tree.text) || 'empty text' : kindOf(tree)
  const message = `the timeout is ${given}, expected a whole number of seconds above zero`
  report('error', 'script-timeout', path, tree, message, 'Write for example `timeout: 300`.')
  return undefined
}

function readPermissions(tree: Tree | undefined, agent: AgentProfile, report: Report): AppSpecPermission[] {
  const cure = 'Write a list: `- object: /path` with the rest below it.'
  const list = listOf(tree, 'permissions', 'permissions-not-a-list', cure, report)
  return (list?.items ?? []).flatMap((item, index): AppSpecPermission[] => {
    const path = `permissions[${index}]`
    const map = mapOf(item, path, 'permission-not-a-map', cure, report)
    if (!map) return []
    const fields = fieldsOf(map, permissionKeys, path, report)
    const textField = (key: string) => optionalText(fields.get(key), `${path}.${key}`, report)
    const object = textField('object')
    if (object === undefined && fields.get('object')?.kind !== 'unreadable') {
      const place = fields.get('object') ?? map
      const message = `${path} has no object`
      report('error', 'permission-object-missing', `${path}.object`, place, message, 'Add `object: /path/on/the/host`.')
    }
    const owner = textField('owner')
    const group = textField('group')
    const mode = readMode(fields.get('mode'), `${path}.mode`, agent, report)
    const except = textsOf(fields.get('except'), `${path}.except`, 'except-not-a-list', report)
    const acls = readAcls(fields.get('acls'), `${path}.acls`, report)
    const context = readContext(fields.get('context'), `${path}.context`, report)
    const pattern = textField('pattern') ?? '**'
    const type = readType(fields.get('type'), `${path}.type`, report)
    return [
      {
        object: object?.trim() ?? '',
        pattern,
        except: except ?? [],
        type,
        ...(owner === undefined ? {} : { owner }),
        ...(group === undefined ? {} : { group }),
        ...(mode === undefined ? {} : { mode }),
        ...(acls === undefined ? {} : { acls }),
        ...(context === undefined ? {} : { context }),
      },
    ]
  })
}

function readMode(tree: Tree | undefined, path: string, agent: AgentProfile, report: Report): string | undefined {
  if (!tree || isNothing(tree)) return undefined
  const written = textOf(tree, path, report)
  if (written === undefined || tree.kind !== 'scalar') return undefined
  // YAML 1.1 has octal numbers with a leading zero; Ruby hands on the decimal digits.
  const octal = !tree.quoted && /^0[0-7]+$/.test(written) ? String(Number.parseInt(written, 8)) : undefined
  const mode = agent === 'official-1.8' ? (octal ?? written) : written
  const cure = 'Write one to four octal digits in quotes, for example `mode: "0644"`.'
  const wrong = [...mode].find((character) => !/[0-7]/.test(character))
  if ([...mode].length > 4) {
    report('error', 'mode-too-long', path, tree, `the mode ${quote(mode)} has more than four digits`, cure)
  } else if (wrong !== undefined) {
    const message = `the mode ${quote(mode)} holds ${JSON.stringify(wrong)}, expected octal digits`
    report('error', 'mode-invalid', path, tree, message, cure)
  } else if (mode === '') {
    report('warning', 'mode-empty', path, tree, 'the mode is empty, which the agent takes as 0000', cure)
  } else if (!tree.quoted) {
    const consequence =
      octal === undefined
        ? 'it is safe only as long as nobody writes a zero in front'
        : `an agent before 2.0 reads the number ${octal} and ${/^[0-7]{1,4}$/.test(octal) ? `sets the mode ${octal.padStart(4, '0')}` : 'refuses it'}`
    report('warning', 'mode-unquoted', path, tree, `the mode ${written} has no quotes: ${consequence}`, cure)
  }
  return mode
}

function readType(tree: Tree | undefined, path: string, report: Report): readonly ('file' | 'directory')[] {
  const words = textsOf(tree, path, 'type-not-a-list', report)
  if (!words) return ['file', 'directory']
  return words.flatMap((word, index) => {
    if (word === 'file' || word === 'directory') return [word]
    const place = tree?.kind === 'list' ? (tree.items[index] ?? tree) : (tree ?? { line: 1, column: 1 })
    const message = `the type ${JSON.stringify(quote(word))} is unknown, expected file or directory`
    report('error', 'type-unknown', `${path}[${index}]`, place, message, 'Write `type: [file]`, `[directory]` or both.')
    return []
  })
}

function readAcls(tree: Tree | undefined, path: string, report: Report): readonly string[] | undefined {
  const acls = textsOf(tree, path, 'acl-invalid', report)
  acls?.forEach((entry, index) => {
    const problem = aclProblem(entry)
    if (!problem) return
    const place = tree?.kind === 'list' ? (tree.items[index] ?? tree) : (tree ?? { line: 1, column: 1 })
    const message = `the entry ${JSON.stringify(quote(entry))} ${problem}`
    report(
      'error',
      'acl-invalid',
      `${path}[${index}]`,
      place,
      message,
      'Write entries as setfacl takes them: `user:deploy:rw`.',
    )
  })
  return acls
}

function readContext(tree: Tree | undefined, path: string, report: Report): AppSpecPermission['context'] {
  if (!tree || isNothing(tree)) return undefined
  const map = mapOf(tree, path, 'context-invalid', 'Write `context:` with `type:` below it.', report)
  if (!map) return undefined
  const fields = fieldsOf(map, contextKeys, path, report)
  const type = optionalText(fields.get('type'), `${path}.type`, report)
  const name = optionalText(fields.get('name'), `${path}.name`, report)
  const range = optionalText(fields.get('range'), `${path}.range`, report)
  if (type === undefined) {
    if (fields.get('type')?.kind !== 'unreadable') {
      report('error', 'context-type-missing', `${path}.type`, map, 'the context has no type', 'Add `type: …`.')
    }
    return undefined
  }
  return { type, ...(name === undefined ? {} : { name }), ...(range === undefined ? {} : { range }) }
}

function reference(
  kind: BundleReference['kind'],
  value: string,
  path: string,
  { line, column }: Tree,
): BundleReference {
  return { kind, value, path, line, column }
}

/** The entries of a map, a key that stands twice reported and taken once. */
function distinct(map: MapTree, path: string, report: Report): MapTree['entries'] {
  const seen = new Set<string>()
  return map.entries.filter(({ key }) => {
    if (!seen.has(key.text)) {
      seen.add(key.text)
      return true
    }
    const message = `${JSON.stringify(quote(key.text))} stands here a second time; the agent would take one of them and drop the other`
    report('error', 'duplicate-key', path ? `${path}.${key.text}` : key.text, key, message, 'Join the two.')
    return false
  })
}

function fieldsOf(map: MapTree, known: readonly string[], path: string, report: Report): ReadonlyMap<string, Tree> {
  return new Map(
    distinct(map, path, report).map(({ key, value }) => {
      if (!known.includes(key.text)) {
        const nearest = nearestName(key.text, known)
        const message = `the key ${JSON.stringify(quote(key.text))} is unknown; the agent ignores it without a word`
        const cure = nearest ? `Did you mean ${nearest}?` : `Remove it; the keys here are ${known.join(', ')}.`
        report('warning', 'unknown-key', path ? `${path}.${key.text}` : key.text, key, message, cure)
      }
      return [key.text, value] as const
    }),
  )
}

function listOf(
  tree: Tree | undefined,
  path: string,
  rule: AppSpecRule,
  cure: string,
  report: Report,
): ListTree | undefined {
  if (!tree || isNothing(tree)) return undefined
  if (tree.kind === 'list') return tree
  report('error', rule, path, tree, `${path} is ${kindOf(tree)}, expected a list`, cure)
  return undefined
}

function mapOf(tree: Tree, path: string, rule: AppSpecRule, cure: string, report: Report): MapTree | undefined {
  if (tree.kind === 'map') return tree
  if (tree.kind !== 'unreadable') report('error', rule, path, tree, `${path} is ${kindOf(tree)}, expected keys`, cure)
  return undefined
}

function textsOf(tree: Tree | undefined, path: string, rule: AppSpecRule, report: Report): string[] | undefined {
  const list = listOf(tree, path, rule, 'Write a list, for example `[one, two]`.', report)
  return list?.items.flatMap((item, index) => textOf(item, `${path}[${index}]`, report) ?? [])
}

function optionalText(tree: Tree | undefined, path: string, report: Report): string | undefined {
  return !tree || isNothing(tree) ? undefined : textOf(tree, path, report)
}

function textOf(tree: Tree, path: string, report: Report): string | undefined {
  if (tree.kind === 'unreadable') return undefined
  if (tree.kind !== 'scalar') {
    report('error', 'not-text', path, tree, `${path} is ${kindOf(tree)}, expected text`, 'Write a single value.')
    return undefined
  }
  if (!tree.quoted && /^\d{4}-\d{1,2}-\d{1,2}(?:$|[Tt\s])/.test(tree.text)) {
    const message = `${quote(tree.text)} is a date in YAML, which the agent refuses`
    report('error', 'yaml-date', path, tree, message, 'Put it in quotes.')
    return undefined
  }
  return tree.isNull ? '' : tree.text
}

function isNothing(tree: Tree): boolean {
  return tree.kind === 'unreadable' || (tree.kind === 'scalar' && tree.isNull)
}

function isEmpty(tree: Tree | undefined): boolean {
  return (
    tree === undefined || (tree.kind === 'scalar' && tree.isNull) || (tree.kind === 'list' && tree.items.length === 0)
  )
}

function kindOf(tree: Tree): string {
  switch (tree.kind) {
    case 'list':
      return 'a list'
    case 'map':
      return 'a map'
    case 'unreadable':
      return 'unreadable'
    case 'scalar':
      return describeScalar(tree)
  }
}

function describeScalar(tree: ScalarTree): string {
  return tree.isNull ? 'empty' : `the text ${describeValue(tree.text)}`
}

function quote(text: string): string {
  return text.length > quotedCharacters ? `${text.slice(0, quotedCharacters - 1)}…` : text
}
