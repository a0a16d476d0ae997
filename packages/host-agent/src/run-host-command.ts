import { ambientOptionNames, checkOptions, systemClock, timestamp, type AmbientOptions } from '@fairlead/core'
import type { AgentDeployment, FetchAgentBundle, Host, HostEvent, LifecycleEventResult } from './model.ts'
import { readSpecification, type SpecificationEnvelope } from './plan/deployment-specification.ts'
import { diagnosticsOf, succeeded, withoutFacts, type CommandDiagnostics } from './plan/diagnostics.ts'
import { eventFailureOf } from './plan/event-failure.ts'
import { rulesOf } from './plan/profile.ts'
import { wireCodeOf } from './plan/wire-code.ts'
import { beginEvent, isNoop, performEvent, prepareEvent, type EventWork } from './steps/run-event.ts'
import { openScene } from './steps/scene.ts'
import { requireHost } from './subject.ts'

/** A command as the service hands it out. */
export interface HostCommand {
  /** Kept on the host while the command runs, so that an agent that was killed can answer it later. */
  readonly id: string
  /** A lifecycle event; anything else is answered as the official agent does. */
  readonly name: string
  readonly specification: SpecificationEnvelope
}

export interface CommandCompletion {
  readonly status: 'Succeeded' | 'Failed'
  readonly diagnostics: CommandDiagnostics
}

/** The service's side of a command. */
export interface CommandService {
  /** Answers the status of the command; after `Succeeded` and `Failed` it is not run. */
  readonly acknowledge: (id: string, facts: { readonly noop: boolean }) => Promise<string>
  readonly complete: (id: string, completion: CommandCompletion) => Promise<void>
}

export interface RunHostCommandOptions extends AmbientOptions<HostEvent> {
  readonly command: HostCommand
  readonly service: CommandService
  readonly fetchBundle?: FetchAgentBundle | undefined
}

/**
 * Answers one command as the official agent does: it reads the specification, finds out whether there is anything to do,
 * acknowledges, runs and completes. Answers the result, or `undefined` where the service's reply was to run nothing.
 *
 * @throws HOST_INVALID, UNKNOWN_OPTION, and what `service` throws
 */
export async function runHostCommand(
  host: Host,
  options: RunHostCommandOptions,
): Promise<LifecycleEventResult<string> | undefined> {
  checkOptions('runHostCommand', options, ['command', 'service', 'fetchBundle', ...ambientOptionNames])
  const { command, service, fetchBundle, signal, onEvent, clock = systemClock } = options
  requireHost(host)
  signal?.throwIfAborted()
  const deployment = specificationOf(command)
  if ('failed' in deployment) {
    const at = timestamp(clock)
    const result = { event: command.name, ...deployment.failed, startedAt: at, endedAt: at }
    await service.complete(command.id, { status: 'Failed', diagnostics: diagnosticsOf(result) })
    return result
  }
  const scene = await openScene({ host, deployment, event: command.name, mark: command.id, clock, signal, onEvent })
  const settle = beginEvent(scene)
  let isAcknowledged = false
  let isDeclined = false
  // The service's own failure is no failure of the host.
  let serviceFailure: { readonly error: unknown } | undefined
  const result = await settle(async (keep) => {
    const work = await prepareEvent(scene)
    const reply = await service.acknowledge(command.id, { noop: isNoop(work) }).catch((error: unknown) => {
      serviceFailure = { error }
      throw error
    })
    isAcknowledged = true
    if (reply === 'Succeeded' || reply === 'Failed') {
      isDeclined = true
      await declined(command, service, work, reply)
    } else {
      await performEvent(scene, work, fetchBundle, keep)
    }
    return work
  })
  if (serviceFailure) throw serviceFailure.error
  if (isDeclined) return undefined
  await complete(
    command,
    service,
    result,
    isAcknowledged ? rulesOf(host.profile ?? 'official-2').completionsOfFailure : 1,
  )
  return result
}

/** What the service does not want to be run; a command that does nothing is completed all the same. */
async function declined(
  command: HostCommand,
  service: CommandService,
  work: EventWork,
  reply: 'Succeeded' | 'Failed',
): Promise<void> {
  if (reply === 'Succeeded' || !isNoop(work)) return
  await service.complete(command.id, { status: 'Succeeded', diagnostics: succeeded('CompletedNoopCommand') })
}

async function complete(
  { id }: HostCommand,
  service: CommandService,
  result: LifecycleEventResult<string>,
  completionsOfFailure: 1 | 2,
): Promise<void> {
  await service.complete(id, { status: result.status, diagnostics: diagnosticsOf(result) })
  if (result.status === 'Succeeded' || completionsOfFailure === 1) return
  await service.complete(id, { status: 'Failed', diagnostics: withoutFacts(result.message ?? '') })
}

type SpecificationFailure = Omit<LifecycleEventResult<string>, 'event' | 'startedAt' | 'endedAt'>

function specificationOf({ specification }: HostCommand): AgentDeployment | { readonly failed: SpecificationFailure } {
  try {
    return readSpecification(specification)
  } catch (error) {
    const failure = eventFailureOf(error)
    if (!failure) throw error
    const { code, message } = failure
    return { failed: { status: 'Failed', noop: false, code, wireCode: wireCodeOf(code), message, logTail: '' } }
  }
}
