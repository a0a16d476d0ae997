import { ambientOptionNames, checkOptions, systemClock, type AmbientOptions } from '@fairlead/core'
import { staleEventMs } from './limits.ts'
import type { Host } from './model.ts'
import { failedByRestart } from './plan/diagnostics.ts'
import { layoutOf } from './plan/layout.ts'
import { findText, listRevisions, removeTree } from './ports/host-files.ts'
import type { CommandService } from './run-host-command.ts'
import { requireHost } from './subject.ts'

export interface RecoverHostOptions extends Pick<AmbientOptions<never>, 'signal' | 'clock'> {
  /** Is told that the command failed which ran when the agent ended. */
  readonly service: Pick<CommandService, 'complete'>
}

/**
 * What an agent does first when it starts: where an event was running when it was killed, the newest of them is reported
 * as failed (code 7) and all of them are forgotten. A script that the killed agent had started runs on: nobody ends it.
 * Answers the id of the command that failed, if there was one. What is older than a day is forgotten without a word.
 *
 * @throws HOST_INVALID, UNKNOWN_OPTION, and what `service` throws
 */
export async function recoverHost(host: Host, options: RecoverHostOptions): Promise<string | undefined> {
  checkOptions('recoverHost', options, ['service', ...ambientOptionNames])
  requireHost(host)
  const { service, clock = systemClock } = options
  const { ongoing } = layoutOf(host.folder)
  const oldest = BigInt(Math.max(0, clock.now() - staleEventMs)) * 1_000_000n
  const running = (await listRevisions(ongoing))
    .filter(({ modifiedNs }) => modifiedNs >= oldest)
    .sort((a, b) => (a.modifiedNs < b.modifiedNs ? 1 : -1))
  const [newest] = running
  if (!newest) return undefined
  const id = (await findText(newest.path)) ?? ''
  await service.complete(id, { status: 'Failed', diagnostics: failedByRestart() })
  await removeTree(ongoing)
  return id
}
