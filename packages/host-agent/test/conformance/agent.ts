import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeployError } from '@fairlead/core'
import { hostAgentErrors } from '../../src/errors.ts'
import type { FetchAgentBundle, Host } from '../../src/model.ts'
import { recoverHost } from '../../src/recover-host.ts'
import {
  runHostCommand,
  type CommandCompletion,
  type CommandService,
  type HostCommand,
} from '../../src/run-host-command.ts'
import { runLocalDeployment, type LocalDeployment } from '../../src/run-local-deployment.ts'

/** What came of one event. */
export interface ObservedEvent {
  readonly name: string
  readonly status: string
  readonly noop?: boolean | undefined
  readonly acknowledged: boolean
  readonly code?: number | string | undefined
  readonly script?: string | undefined
  readonly message?: string | undefined
  readonly log?: string | undefined
  readonly completionsSent: number
}

/** What a player asks of an agent. Ours answers; another one may take its place. */
export interface PlayedAgent {
  readonly command: (command: HostCommand, facts: CommandFacts) => Promise<ObservedEvent>
  readonly local: (
    deployment: LocalDeployment,
    events: readonly string[] | undefined,
  ) => Promise<{ readonly events: readonly ObservedEvent[]; readonly error?: string }>
  readonly stop?: () => void
}

export interface CommandFacts {
  /** The path of the bundle that the store serves. */
  readonly bundle: string
  readonly bytes: Uint8Array
  /** The service's answer to the acknowledgement. */
  readonly reply: string
  readonly during?: { readonly afterSeconds: number; readonly agent: 'kill' | 'stop' } | undefined
}

/** Our agent on a host. */
export function ourAgent(host: Host): PlayedAgent {
  return {
    command: async (command, { bundle, bytes, reply, during }) => {
      const record = recordOf(command.name)
      if (during) await inProcessOfItsOwn(host, { command, bundle, reply, during }, record)
      else {
        const fetchBundle: FetchAgentBundle = () => Promise.resolve({ eTag: '"abc123"', body: once(bytes) })
        await runHostCommand(host, { command, fetchBundle, service: record.service(reply) })
      }
      return record.observed()
    },
    local: async (deployment, events) => {
      try {
        const { events: results } = await runLocalDeployment(host, { deployment, events })
        return {
          events: results.map(({ event, status, message, scriptName }) => ({
            name: event,
            status,
            message,
            script: scriptName,
            acknowledged: true,
            completionsSent: 1,
          })),
        }
      } catch (error) {
        if (!isDeployError(error, hostAgentErrors.HOST_LOCAL_DEPLOYMENT_REFUSED)) throw error
        return { events: [], error: error.message }
      }
    },
  }
}

interface CommandRecord {
  readonly service: (reply: string) => CommandService
  readonly observed: () => ObservedEvent
}

function recordOf(name: string): CommandRecord {
  let noop: boolean | undefined
  const completions: CommandCompletion[] = []
  return {
    service: (reply) => ({
      acknowledge: (_id, facts) => {
        noop = facts.noop
        return Promise.resolve(reply)
      },
      complete: (_id, completion) => {
        completions.push(completion)
        return Promise.resolve()
      },
    }),
    observed: () => {
      const [first] = completions
      return {
        name,
        status: first?.status ?? 'NotCompleted',
        noop,
        acknowledged: noop !== undefined,
        code: first?.diagnostics.error_code,
        script: first?.diagnostics.script_name,
        message: first?.diagnostics.message,
        log: first?.diagnostics.log,
        completionsSent: completions.length,
      }
    },
  }
}

/** An agent that can be killed or stopped while a script runs, and starts again. */
async function inProcessOfItsOwn(
  host: Host,
  job: { readonly command: HostCommand; readonly bundle: string; readonly reply: string } & Required<
    Pick<CommandFacts, 'during'>
  >,
  record: CommandRecord,
): Promise<void> {
  const { during, reply } = job
  const program = join(import.meta.dirname, 'agent-process.mjs')
  const file = `${job.bundle}.job`
  writeFileSync(file, JSON.stringify({ ...job, host }))
  const child = spawn(process.execPath, [program, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const service = record.service(reply)
  for await (const line of createInterface(child.stdout)) {
    const { noop, completion } = JSON.parse(line) as { noop?: boolean; completion?: CommandCompletion }
    if (completion) await service.complete(job.command.id, completion)
    if (noop === undefined) continue
    await service.acknowledge(job.command.id, { noop })
    await wait((during?.afterSeconds ?? 0) * 1000)
    child.kill(during?.agent === 'kill' ? 'SIGKILL' : 'SIGTERM')
  }
  await ended
  await recoverHost(host, { service })
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield bytes
}
