import { localToolEvents } from './check-events.ts'

/** Events that run the scripts of the previous revision. */
const previous = ['BeforeBlockTraffic', 'AfterBlockTraffic', 'ApplicationStop'] as const

/** Events that run the scripts of the new revision and need it installed. */
const needInstall = ['AfterInstall', 'ApplicationStart', 'BeforeAllowTraffic', 'AfterAllowTraffic', 'ValidateService']

/** What is wrong with a list of events, in the words of the official agent's local tool. */
export function localEventsProblem(events: readonly string[]): string | undefined {
  const before = (name: string) => events.slice(0, events.indexOf(name))
  const given = events.join(',')
  if (events.includes('DownloadBundle')) {
    const early = before('DownloadBundle').some((event) => event === 'Install' || needInstall.includes(event))
    if (early) return orderWords('DownloadBundle', previous, given)
  }
  if (events.includes('Install') && before('Install').some((event) => needInstall.includes(event))) {
    return orderWords('Install', [...previous, 'DownloadBundle', 'BeforeInstall'], given)
  }
  const strange = events.find((event) => !isStandard(event) && !/^(?:[A-Z][a-z0-9]+)+/m.test(event))
  return strange === undefined ? undefined : `Received command is not in PascalCase form: ${strange}`
}

export interface LocalPlan {
  /** What runs, in order. */
  readonly events: readonly string[]
  /** The events that may have scripts. */
  readonly hookEvents: readonly string[]
  /** What the AppSpec may name. */
  readonly possibleEvents: readonly string[]
}

/** What the official agent's local tool runs for a list of events, or without one. */
export function planLocalEvents(given?: readonly string[]): LocalPlan {
  const wanted = given && given.length > 0 ? given : localToolEvents
  const events = ['DownloadBundle', 'Install'].filter((event) => !wanted.includes(event)).concat(wanted)
  const possibleEvents = [...new Set([...localToolEvents, ...wanted])]
  return {
    events: inOrder(events),
    hookEvents: possibleEvents.filter((event) => event !== 'DownloadBundle' && event !== 'Install'),
    possibleEvents,
  }
}

/** The first Install and the first DownloadBundle change places where they are in the wrong order. */
function inOrder(events: readonly string[]): readonly string[] {
  const [download, install] = [events.indexOf('DownloadBundle'), events.indexOf('Install')]
  if (download < install) return events
  return events.map((event, index) => (index === install ? 'DownloadBundle' : index === download ? 'Install' : event))
}

function orderWords(name: string, allowed: readonly string[], given: string): string {
  return `The only events that can be specified before ${name} are ${allowed.join(',')}. Please fix the order of your specified events: ${given}`
}

function isStandard(event: string): boolean {
  return localToolEvents.some((standard) => standard === event)
}
