import { checkOptions, coreErrors, describeValue } from '@fairlead/core'
import { matchesPattern } from '../permissions/grant.ts'
import type { Fault, FaultRule, Faults, FaultStorm, NamedCall, OrderedFault } from './model.ts'

const stormFaults: readonly Fault[] = [
  { kind: 'throttled' },
  { kind: 'error', code: 'InternalError' },
  { kind: 'cut-request' },
  { kind: 'cut-answer' },
  { kind: 'html' },
  { kind: 'lost-reply' },
]

interface Chooser {
  readonly choose: (call: NamedCall) => Fault | undefined
}

/** The faults of a server: what is ordered, and which of them a call meets. */
export function createFaults(): { readonly faults: Faults; readonly next: (call: NamedCall) => Fault | undefined } {
  const choosers = new Set<Chooser>()
  const order = (choose: Chooser['choose']): OrderedFault => {
    let hits = 0
    const chooser: Chooser = {
      choose: (call) => {
        const fault = choose(call)
        if (fault) hits++
        return fault
      },
    }
    choosers.add(chooser)
    return {
      get hits() {
        return hits
      },
      remove: () => void choosers.delete(chooser),
    }
  }
  return {
    faults: {
      add: (rule) => order(ruleChooser(checkedRule(rule))),
      storm: (storm) => order(stormChooser(checkedStorm(storm))),
      clear: () => choosers.clear(),
    },
    // Every rule counts every call; the first that was ordered wins.
    next: (call) => [...choosers].map(({ choose }) => choose(call)).find((fault) => fault !== undefined),
  }
}

function ruleChooser({ action, resource = '*', nth = 1, times = 1, fault }: FaultRule): Chooser['choose'] {
  let seen = 0
  return (call) => {
    if (!isAction(action, call) || !matchesPattern(resource, call.resource ?? '')) return undefined
    seen++
    return seen >= nth && seen < nth + times ? fault : undefined
  }
}

function stormChooser({ seed, rate, actions = ['*'], faults = stormFaults }: FaultStorm): Chooser['choose'] {
  const random = randomNumbers(seed)
  return (call) => {
    if (!actions.some((action) => isAction(action, call))) return undefined
    // Both numbers are drawn for every call, so that what one call meets does not depend on another's luck.
    const [luck, pick] = [random(), random()]
    return luck < rate ? faults[Math.floor(pick * faults.length)] : undefined
  }
}

function isAction(pattern: string, { service, action }: NamedCall): boolean {
  return matchesPattern(pattern, pattern.includes(':') ? `${service}:${action}` : action)
}

/** Numbers from 0 to below 1, the same for the same seed: a linear congruential generator of 48 bits, as drand48's. */
function randomNumbers(seed: number): () => number {
  let state = ((BigInt(seed) << 16n) | 0x330en) & 0xffffffffffffn
  return () => {
    state = (state * 0x5deece66dn + 0xbn) & 0xffffffffffffn
    return Number(state) / 2 ** 48
  }
}

const members: Readonly<Record<Fault['kind'], readonly string[]>> = {
  error: ['code', 'message', 'status'],
  throttled: [],
  delayed: ['delayMs'],
  'cut-request': ['afterBytes'],
  'cut-answer': ['afterBytes'],
  truncated: [],
  corrupt: [],
  html: ['status'],
  'lost-reply': [],
}

function checkedRule(rule: FaultRule): FaultRule {
  const verb = 'faults.add'
  checkOptions(verb, rule, ['action', 'resource', 'nth', 'times', 'fault'])
  requireText(verb, 'action', rule.action)
  if (rule.resource !== undefined) requireText(verb, 'resource', rule.resource)
  for (const [option, value] of Object.entries({ nth: rule.nth, times: rule.times })) {
    if ((value !== undefined && !(value === Infinity || Number.isInteger(value))) || (value ?? 1) < 1) {
      throw refused(verb, option, value, 'a whole number from 1 on')
    }
  }
  return { ...rule, fault: checkedFault(verb, 'fault', rule.fault) }
}

function checkedStorm(storm: FaultStorm): FaultStorm {
  const verb = 'faults.storm'
  checkOptions(verb, storm, ['seed', 'rate', 'actions', 'faults'])
  if (!Number.isSafeInteger(storm.seed)) throw refused(verb, 'seed', storm.seed, 'a whole number')
  if (!(storm.rate >= 0 && storm.rate <= 1)) throw refused(verb, 'rate', storm.rate, 'a share from 0 to 1')
  storm.actions?.forEach((action, index) => requireText(verb, `actions[${index}]`, action))
  const faults = storm.faults?.map((fault, index) => checkedFault(verb, `faults[${index}]`, fault))
  if (faults?.length === 0) throw refused(verb, 'faults', storm.faults, 'one fault or more')
  return { ...storm, faults }
}

function checkedFault(verb: string, option: string, fault: Fault): Fault {
  const kind: unknown = fault?.kind
  if (typeof kind !== 'string' || !Object.hasOwn(members, kind)) {
    throw refused(verb, `${option}.kind`, kind, Object.keys(members).join(', '))
  }
  checkOptions(`${verb} ${option}`, fault, ['kind', ...members[kind as Fault['kind']]])
  if (fault.kind === 'error') requireText(verb, `${option}.code`, fault.code)
  const numbers = { delayMs: undefined, afterBytes: undefined, status: undefined, ...fault }
  for (const name of ['delayMs', 'afterBytes'] as const) {
    const value: unknown = numbers[name]
    if (value === undefined && !(fault.kind === 'delayed' && name === 'delayMs')) continue
    if (typeof value !== 'number' || !(value >= 0))
      throw refused(verb, `${option}.${name}`, value, 'a number from 0 on')
  }
  const status: unknown = numbers.status
  if (status !== undefined && !(Number.isInteger(status) && Number(status) >= 200 && Number(status) < 600)) {
    throw refused(verb, `${option}.status`, status, 'a status from 200 to 599')
  }
  return fault
}

function requireText(verb: string, option: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw refused(verb, option, value, 'text')
}

function refused(verb: string, option: string, given: unknown, expected: string) {
  return coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected })
}
