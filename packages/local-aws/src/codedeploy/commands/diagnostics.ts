/** What an agent reports of an event, and what the API says of it. */
import type { JsonObject } from '@fairlead/core'
import type { AgentAnswer } from '../agent.ts'

/**
 * The numbers of the agent's protocol (`ScriptError` in `hook_executor.rb` of 1.8.1). The API has no names for 6, an
 * output that was left open, and 7, an agent that was restarted.
 */
const codes = ['Success', 'ScriptMissing', 'ScriptNotExecutable', 'ScriptTimedOut', 'ScriptFailed'] as const

/** `payload` is JSON, as the official agent writes it; what cannot be read is an unknown error. */
export function answerOf(status: 'Succeeded' | 'Failed', payload: string | undefined): AgentAnswer {
  const report = parse(payload)
  const textOf = (name: string) => (typeof report[name] === 'string' ? report[name] : '')
  const number = report['error_code']
  const code = typeof number === 'number' ? codes[number] : undefined
  return {
    status,
    code: status === 'Succeeded' ? 'Success' : code === undefined || code === 'Success' ? 'UnknownError' : code,
    scriptName: textOf('script_name'),
    message: textOf('message'),
    logTail: textOf('log'),
  }
}

/** Whether the agent says that it has nothing to do in the event. */
export function isNoop(payload: string | undefined): boolean {
  return parse(payload)['IsCommandNoop'] === true
}

function parse(payload: string | undefined): JsonObject {
  try {
    const report: unknown = JSON.parse(payload ?? '{}')
    return typeof report === 'object' && report !== null && !Array.isArray(report) ? (report as JsonObject) : {}
  } catch {
    return {}
  }
}
