import { checkOptions } from '@fairlead/core'
import type { RevisionFacts } from './plan/rehearsal.ts'
import { readRevisionFacts } from './ports/read-revision.ts'

/**
 * What a bundle holds, for {@link planRehearsal}. Nothing of it runs.
 *
 * @param bundle the path of a folder or an archive
 * @throws HOST_BUNDLE_UNREADABLE, UNKNOWN_OPTION
 */
export function readRevision(
  bundle: string,
  options: {
    /** Default `appspec.yml`. */
    readonly appSpecFilename?: string | undefined
  } = {},
): Promise<RevisionFacts> {
  checkOptions('readRevision', options, ['appSpecFilename'])
  return readRevisionFacts(bundle, options.appSpecFilename ?? 'appspec.yml')
}
