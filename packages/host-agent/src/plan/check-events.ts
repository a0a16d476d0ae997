import { failUnknown } from './event-failure.ts'

/** The events that the official agent's local tool runs unless told otherwise, in its order. */
export const localToolEvents = [
  'BeforeBlockTraffic',
  'AfterBlockTraffic',
  'ApplicationStop',
  'DownloadBundle',
  'BeforeInstall',
  'Install',
  'AfterInstall',
  'ApplicationStart',
  'ValidateService',
  'BeforeAllowTraffic',
  'AfterAllowTraffic',
] as const

/**
 * Where the deployment lists its possible events, Install refuses hooks of others, and events of the list that are
 * neither the tool's own nor hooks of the AppSpec.
 */
export function checkEvents(
  { events, name }: { readonly events: readonly string[]; readonly name: string },
  possible: readonly string[] | undefined,
  hookEvents: readonly string[],
): void {
  if (!possible || possible.length === 0) return
  const file = name.slice(name.lastIndexOf('/') + 1)
  const known = [...new Set([...events, ...hookEvents])]
  const unknown = known.filter((event) => !possible.includes(event))
  if (unknown.length > 0) {
    const list = unknown.map((event) => JSON.stringify(event)).join(', ')
    throw failUnknown(`${file} file contains unknown lifecycle events: [${list}]`)
  }
  const absent = possible.filter(
    (event) => !localToolEvents.some((standard) => standard === event) && !events.includes(event),
  )
  if (absent.length > 0) {
    throw failUnknown(
      `You specified a lifecycle event which is not a default one and doesn't exist in your ${file} file: ${absent.join(',')}`,
    )
  }
}
