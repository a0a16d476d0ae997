import type { LifecycleEventResult } from '../model.ts'

/** What an agent says when a command has ended, as it goes over the wire. */
export interface CommandDiagnostics {
  readonly error_code: number | 'Unknown'
  readonly script_name: string
  readonly message: string
  readonly log: string
}

export function diagnosticsOf(result: LifecycleEventResult<string>): CommandDiagnostics {
  if (result.status === 'Succeeded') return succeeded('')
  const { wireCode, scriptName = '', message = '', logTail = '' } = result
  return { error_code: wireCode, script_name: scriptName, message, log: logTail }
}

export function succeeded(words: string): CommandDiagnostics {
  return { error_code: 0, script_name: '', message: `Succeeded: ${words}`, log: '' }
}

/** The second completion of a failure, which agents before 2.0 send and the service ignores. */
export function withoutFacts(message: string): CommandDiagnostics {
  return { error_code: 5, script_name: '', message, log: '' }
}

/** Of an event that was running when the agent died. */
export function failedByRestart(): CommandDiagnostics {
  const message = 'Failed: Failing in-progress lifecycle event after an agent restart.'
  return { error_code: 7, script_name: '', message, log: '' }
}
