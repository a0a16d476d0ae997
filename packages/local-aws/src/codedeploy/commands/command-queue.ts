import type { Clock } from '@fairlead/core'
import type { LifecycleEventName } from '@fairlead/host-agent'
import type { AgentAnswer } from '../agent.ts'
import { agentSilenceMs, eventLimitMs } from '../limits.ts'

export type CommandStatus = 'Pending' | 'InProgress' | 'Succeeded' | 'Failed'

/** One lifecycle event for one host, as an agent that polls is given it. */
export interface HostCommand {
  readonly id: string
  readonly host: string
  readonly deploymentId: string
  readonly event: LifecycleEventName
  /** How many commands there were before. */
  readonly nonce: number
  readonly status: () => CommandStatus
  /** Notes that an agent has it. The first acknowledgement counts. */
  readonly acknowledge: (limitMs?: number) => void
  /** Ends it; what comes after the first end is not heard, as 1.8 completes a failed hook twice. */
  readonly complete: (answer: AgentAnswer) => void
}

export interface CommandQueue {
  /**
   * Waits until an agent has run an event on a host. Answers `withdrawn` where the deployment is stopped before an agent
   * took the command. Rejects when it is aborted.
   */
  readonly run: (
    command: Pick<HostCommand, 'id' | 'host' | 'deploymentId' | 'event'>,
    options: { readonly signal: AbortSignal; readonly whenStopped: WhenStopped },
  ) => Promise<AgentAnswer | 'withdrawn'>
  /** The oldest command that no agent of this host was given; it is given once. */
  readonly take: (host: string) => HostCommand | undefined
  readonly find: (id: string) => HostCommand | undefined
}

/** Resolves when somebody stops the deployment; may reject when it is aborted. */
type WhenStopped = (signal: AbortSignal) => Promise<void>

/** In AWS's words, which people search for. */
const unreachable =
  'CodeDeploy agent was not able to receive the lifecycle event. Check the CodeDeploy agent logs on your host and make sure the agent is running and can connect to the CodeDeploy server.'

/** Commands that wait for agents which poll for them. */
export function openCommandQueue(clock: Clock): CommandQueue {
  const commands = new Map<string, HostCommand>()
  const waiting: HostCommand[] = []
  return {
    find: (id) => commands.get(id),
    take: (host) => {
      const index = waiting.findIndex((command) => command.host === host)
      return index < 0 ? undefined : waiting.splice(index, 1)[0]
    },
    run: async ({ id, host, deploymentId, event }, { signal, whenStopped }) => {
      signal.throwIfAborted()
      let status: CommandStatus = 'Pending'
      let limitMs = eventLimitMs
      let acknowledge = () => {}
      let complete: (answer: AgentAnswer) => void = () => {}
      const acknowledged = new Promise<void>((resolve) => (acknowledge = resolve))
      const completed = new Promise<AgentAnswer>((resolve) => (complete = resolve))
      const command: HostCommand = {
        id,
        host,
        deploymentId,
        event,
        nonce: commands.size,
        status: () => status,
        acknowledge: (given) => {
          if (status !== 'Pending') return
          status = 'InProgress'
          limitMs = given ?? limitMs
          acknowledge()
        },
        complete: (answer) => {
          if (status === 'Succeeded' || status === 'Failed') return
          status = answer.status
          complete(answer)
        },
      }
      commands.set(id, command)
      waiting.push(command)
      try {
        const isTaken = () => !waiting.includes(command)
        return await withinTime({
          clock,
          signal,
          whenStopped,
          isTaken,
          acknowledged,
          completed,
          limitMs: () => limitMs,
        })
      } finally {
        if (waiting.includes(command)) waiting.splice(waiting.indexOf(command), 1)
        // Whoever comes later is told that it is over.
        command.complete({ status: 'Failed', code: 'UnknownError' })
      }
    },
  }
}

interface Wait {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly whenStopped: WhenStopped
  readonly isTaken: () => boolean
  readonly acknowledged: Promise<void>
  readonly completed: Promise<AgentAnswer>
  readonly limitMs: () => number
}

/** An agent that does not come for its command, or dies with it, is waited for no longer than AWS would. */
async function withinTime(wait: Wait): Promise<AgentAnswer | 'withdrawn'> {
  const { clock, signal, whenStopped, isTaken, acknowledged, completed, limitMs } = wait
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const sleep = (ms: number) => clock.sleep(ms, either).then(() => 'late' as const)
  try {
    // What an agent has begun comes to its end, stopped or not.
    const withdrawn = whenStopped(either).then(async () => {
      if (!isTaken()) return 'withdrawn' as const
      await acknowledged
      return undefined
    })
    const first = await Promise.race([completed, acknowledged, withdrawn, sleep(agentSilenceMs)])
    if (first === 'withdrawn') return first
    if (first === 'late') return { status: 'Failed', code: 'UnknownError', message: unreachable }
    if (first !== undefined) return first
    const ms = limitMs()
    const second = await Promise.race([completed, sleep(ms)])
    if (second !== 'late') return second
    const message = `The agent has not reported the end of the lifecycle event within ${ms / 1000} seconds.`
    return { status: 'Failed', code: 'ScriptTimedOut', message }
  } finally {
    over.abort()
  }
}
