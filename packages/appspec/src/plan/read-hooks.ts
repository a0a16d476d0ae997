import { nearestName } from '@fairlead/core'
import { defaultScriptTimeoutSeconds, lifecycleEventSeconds } from '../limits.ts'
import { lifecycleEvents, scriptedEvents, type AppSpecScript } from '../model.ts'
import {
  distinct,
  fieldsOf,
  isFalsy,
  isNothing,
  kindOf,
  listOf,
  mapOf,
  quote,
  strip,
  textOrNothing,
  type Report,
} from './report.ts'
import type { References } from './references.ts'
import type { MapTree, Tree } from './tree.ts'
import { printedTree, scalarValueOf } from './yaml-scalar.ts'

const scriptKeys = ['location', 'timeout', 'runas', 'sudo'] as const
const cure = 'Write a list: `- location: scripts/…`.'

export interface Hooks {
  /** Events without a script left out. */
  readonly scripts: Readonly<Record<string, readonly AppSpecScript[]>>
  /** The events that the file names with anything but nothing, also with an empty list. */
  readonly events: readonly string[]
}

export function readHooks(tree: Tree | undefined, report: Report, references: References): Hooks {
  if (!tree || isFalsy(tree)) return { scripts: {}, events: [] }
  const map = mapOf(tree, 'hooks', 'hooks-not-a-map', 'Write one key for each event, such as `AfterInstall:`.', report)
  if (!map) return { scripts: {}, events: [] }
  warnOfEvents(map, report)
  const hooks = [...distinct(map, 'hooks', report)].filter(([, value]) => !isFalsy(value))
  const read = hooks.map(([event, value]) => {
    // A script that never runs need not be in the bundle.
    const runs = scriptedEvents.some((name) => name === event)
    return [event, readScripts(value, `hooks.${event}`, report, runs ? references : undefined)] as const
  })
  return {
    scripts: Object.fromEntries(read.filter(([, scripts]) => scripts.length > 0)),
    events: hooks.map(([event]) => event),
  }
}

function warnOfEvents(map: MapTree, report: Report): void {
  for (const { key, value } of map.entries) {
    const path = `hooks.${key.text}`
    const place = key
    if (!lifecycleEvents.some((event) => event === key.text)) {
      const nearest = nearestName(key.text, scriptedEvents)
      const message = `there is no lifecycle event ${JSON.stringify(quote(key.text))}; its scripts never run`
      const cure = nearest ? `Did you mean ${nearest}?` : `The events with scripts are ${scriptedEvents.join(', ')}.`
      report({ severity: 'warning', rule: 'unknown-event', path, place, message, cure })
    } else if (!scriptedEvents.some((event) => event === key.text) && !isEmpty(value)) {
      const message = `the agent runs no scripts in ${key.text}; these never run`
      const cure = 'Move them to an event before or after it.'
      report({ severity: 'warning', rule: 'event-runs-no-scripts', path, place, message, cure })
    }
  }
}

function readScripts(tree: Tree, path: string, report: Report, references: References | undefined): AppSpecScript[] {
  const list = listOf(tree, path, 'hook-not-a-list', cure, report)
  let explicitSeconds = 0
  const scripts = (list?.items ?? []).flatMap((item, index): AppSpecScript[] => {
    const at = `${path}[${index}]`
    const map = mapOf(item, at, 'script-not-a-map', cure, report)
    if (!map) return []
    const fields = fieldsOf(map, scriptKeys, at, report)
    const location = readLocation(fields.get('location'), map, at, report)
    const timeout = readTimeout(fields.get('timeout'), `${at}.timeout`, report)
    if (!isFalsy(fields.get('timeout'))) explicitSeconds += timeout ?? 0
    if (location === undefined) return []
    references?.add('script', location, `${at}.location`, fields.get('location') ?? map)
    if (timeout === undefined) return []
    const runas = textOrNothing(fields.get('runas'))
    return [
      {
        location,
        timeoutSeconds: timeout,
        ...(runas === undefined ? {} : { runas: strip(runas) }),
        ...(isFalsy(fields.get('sudo')) ? {} : { sudo: true as const }),
      },
    ]
  })
  if (explicitSeconds > lifecycleEventSeconds) {
    const message = `the timeouts add up to ${explicitSeconds} s; CodeDeploy ends an event after ${lifecycleEventSeconds} s`
    const shorter = 'Shorten them, or do the long work outside the deployment.'
    report({ severity: 'warning', rule: 'event-timeouts', path, place: tree, message, cure: shorter })
  }
  return scripts
}

function readLocation(tree: Tree | undefined, map: MapTree, at: string, report: Report): string | undefined {
  if (tree?.kind === 'unreadable') return undefined
  const location = strip(printedTree(tree))
  if (!tree || isNothing(tree) || location === '') {
    const message = `${at} has no location`
    report({ rule: 'script-location-missing', path: `${at}.location`, place: tree ?? map, message, cure })
    return undefined
  }
  if (tree.kind !== 'scalar') {
    const message = `the location is ${kindOf(tree)}; the agent looks for a script of the name ${quote(location)}`
    report({ severity: 'warning', rule: 'not-text', path: `${at}.location`, place: tree, message, cure })
  }
  return location
}

/** Whole seconds as the agent reads them: fractions are cut, and of a text the digits that it begins with count. */
function readTimeout(tree: Tree | undefined, path: string, report: Report): number | undefined {
  if (!tree || isFalsy(tree)) return tree?.kind === 'unreadable' ? undefined : defaultScriptTimeoutSeconds
  const value = tree.kind === 'scalar' ? scalarValueOf(tree) : undefined
  const read = value?.kind === 'number' ? value.value : value?.kind === 'text' ? leadingInteger(value.text) : 0
  const seconds = Number.isFinite(read) ? Math.trunc(read) : 0
  const example = 'Write for example `timeout: 300`.'
  if (seconds <= 0) {
    const message = `the timeout is ${tree.kind === 'scalar' ? quote(tree.text) || 'empty text' : kindOf(tree)}, expected a whole number of seconds above zero`
    report({ rule: 'script-timeout', path, place: tree, message, cure: example })
    return undefined
  }
  if (tree.kind === 'scalar' && !/^\+?\d+(?:\.0*)?$/.test(tree.text.trim())) {
    const message = `the agent reads the timeout ${quote(tree.text)} as ${seconds} s`
    report({ severity: 'warning', rule: 'script-timeout-misread', path, place: tree, message, cure: example })
  } else if (tree.kind === 'scalar' && Number(tree.text) !== seconds) {
    const message = `the agent reads the timeout ${quote(tree.text)} as the octal number ${seconds}`
    report({ severity: 'warning', rule: 'script-timeout-misread', path, place: tree, message, cure: example })
  }
  return seconds
}

function leadingInteger(text: string): number {
  const digits = /^[\t\n\v\f\r ]*([-+]?\d+(?:_\d+)*)/.exec(text)?.[1]
  return Number((digits ?? '0').replaceAll('_', ''))
}

function isEmpty(tree: Tree): boolean {
  return isFalsy(tree) || (tree.kind === 'list' && tree.items.length === 0)
}
