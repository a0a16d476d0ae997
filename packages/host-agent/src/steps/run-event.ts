import { timestamp } from '@fairlead/core'
import type { FetchAgentBundle, LifecycleEventResult } from '../model.ts'
import { eventFailureOf, failUnknown, type EventFailure } from '../plan/event-failure.ts'
import { isUtf8 } from '../plan/script-log.ts'
import { wireCodeOf } from '../plan/wire-code.ts'
import { makeFolders, removeTree, writeText } from '../ports/host-files.ts'
import { downloadBundle } from './download-bundle.ts'
import { install } from './install.ts'
import { prepareScripts, runScripts, type PreparedScripts } from './run-scripts.ts'
import type { Scene } from './scene.ts'

/** What an event will do, as the agent knows it before it acknowledges the command. */
export type EventWork =
  | { readonly kind: 'download' }
  | { readonly kind: 'install' }
  | { readonly kind: 'scripts'; readonly prepared: PreparedScripts | undefined }
  | { readonly kind: 'unsupported' }

/** Fails where the AppSpec that the scripts come from cannot be read. */
export async function prepareEvent(scene: Scene): Promise<EventWork> {
  const { event } = scene
  if (event === 'DownloadBundle') return { kind: 'download' }
  if (event === 'Install') return { kind: 'install' }
  // What the service does by itself, and what nobody has heard of.
  if (!scene.hookEvents.includes(event)) return { kind: 'unsupported' }
  return { kind: 'scripts', prepared: await prepareScripts(scene) }
}

/** Nothing to do, as the agent says so when it acknowledges. What it does not support counts as that, and fails. */
export function isNoop(work: EventWork): boolean {
  return work.kind === 'unsupported' || (work.kind === 'scripts' && work.prepared === undefined)
}

/** Runs an event from its preparation to its result. What fails on the host is in the result. */
export async function runEvent<Event extends string>(
  scene: Scene & { readonly event: Event },
  fetchBundle: FetchAgentBundle | undefined,
): Promise<LifecycleEventResult<Event>> {
  const settle = beginEvent(scene)
  return settle(async (keep) => {
    const work = await prepareEvent(scene)
    await performEvent(scene, work, fetchBundle, keep)
    return work
  })
}

type Keep = (tail: readonly Uint8Array[]) => void

/** Tells that the event begins; what it answers runs the event and makes its result, whichever way it ends. */
export function beginEvent<Event extends string>(
  scene: Scene & { readonly event: Event },
): (run: (keep: Keep) => Promise<EventWork>) => Promise<LifecycleEventResult<Event>> {
  const { event, host, clock, signal, tell } = scene
  const startedAt = timestamp(clock)
  tell({ type: 'host.event-started', summary: `${host.name}: ${event} started` })
  return async (run) => {
    let tail: readonly Uint8Array[] = []
    const finish = (outcome: ReturnType<typeof outcomeOf>): LifecycleEventResult<Event> => ({
      event,
      ...outcome,
      startedAt,
      endedAt: timestamp(clock),
    })
    let result: LifecycleEventResult<Event>
    try {
      result = finish(outcomeOf(isNoop(await run((kept) => (tail = kept)))))
    } catch (error) {
      const listener = scene.listenerFailure()
      if (listener) throw listener.error
      signal?.throwIfAborted()
      const failure = eventFailureOf(error) ?? systemFailure(error)
      if (!failure) throw error
      result = finish(outcomeOf(failure.isNoop ?? false, failure, tail))
    }
    tell({ type: 'host.event-ended', result, summary: `${host.name}: ${event} ${endingOf(result)}` })
    return result
  }
}

/** Does the work of an event behind a file that says so: whoever finds it later knows of a crash. */
export async function performEvent(
  scene: Scene,
  work: EventWork,
  fetchBundle: FetchAgentBundle | undefined,
  keep: Keep,
): Promise<void> {
  const { layout, deployment, own, isMarked, mark } = scene
  const markFile = `${layout.ongoing}/${deployment.deploymentId}`
  try {
    if (isMarked) {
      await makeFolders(layout.ongoing)
      await writeText(markFile, mark)
    }
    if (work.kind === 'unsupported') {
      const message = `Unsupported command type: ${scene.event}.`
      throw failUnknown(message, undefined, { isNoop: true })
    }
    await makeFolders(own.folder)
    if (work.kind === 'download') await downloadBundle(scene, fetchBundle)
    else if (work.kind === 'install') await install(scene)
    else if (work.prepared) await runScripts(scene, work.prepared, keep)
  } finally {
    if (isMarked) await removeTree(markFile)
  }
}

function outcomeOf(
  noop: boolean,
  failure?: EventFailure,
  tail: readonly Uint8Array[] = [],
): Omit<LifecycleEventResult<string>, 'event' | 'startedAt' | 'endedAt'> {
  if (!failure) return { status: 'Succeeded', noop, code: 'Success', wireCode: 0, message: 'Succeeded' }
  const { code, message, scriptName, detail } = failure
  const told = {
    status: 'Failed',
    noop,
    ...(scriptName === undefined ? {} : { scriptName }),
    ...(detail === undefined ? {} : { detail }),
  } as const
  const log = Buffer.concat(tail)
  // What is no UTF-8 cannot be written as JSON: the official agent falls back on an answer without facts.
  if (!isUtf8(log)) {
    const words = { message: 'Attempting minimal diagnostics', logTail: 'Exception JSON::GeneratorError occured' }
    return { ...told, code: 'UnknownError', wireCode: 'Unknown', ...words, detail: detail ?? message }
  }
  return { ...told, code, wireCode: failure.wireCode ?? wireCodeOf(code), message, logTail: log.toString('utf8') }
}

function endingOf({ status, noop, message = '' }: LifecycleEventResult<string>): string {
  if (status === 'Failed') return `failed: ${message}`
  return noop ? 'had nothing to do' : 'succeeded'
}

/** A call that the system refused (no space, no permission) fails the event; anything else is a defect of this package. */
function systemFailure(error: unknown): EventFailure | undefined {
  const { code, syscall, message } = error as NodeJS.ErrnoException
  return typeof code === 'string' && typeof syscall === 'string' ? { code: 'UnknownError', message } : undefined
}
