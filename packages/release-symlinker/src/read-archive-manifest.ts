import { ambientOptionNames, checkOptions, coreErrors, describeValue, isCommitId, type Manifest } from '@fairlead/core'
import type { ReleaseAmbientOptions } from './model.ts'
import { systemDisk } from './ports/disk.ts'
import { readArrival, type StageReleaseOptions } from './stage-release.ts'

export interface ReadArchiveManifestOptions
  extends Pick<StageReleaseOptions, 'from' | 'reader' | 'commit'>, ReleaseAmbientOptions {}

/**
 * Reads the manifest of what `stageRelease` would stage with the same options: that of an unpacked artifact, that in a
 * file, or one that is made of a folder that is taken as it is. For `planStaging`. Changes nothing.
 *
 * @throws RELEASE_SOURCE_MISSING, RELEASE_MANIFEST_MISSING, RELEASE_MANIFEST_UNSAFE, FILE_OPERATION_FAILED, INVALID_OPTION,
 * INVALID_RECORD, and what `reader` throws
 */
export async function readArchiveManifest(options: ReadArchiveManifestOptions): Promise<Manifest> {
  const verb = 'readArchiveManifest'
  checkOptions(verb, options, ['from', 'reader', 'commit', ...ambientOptionNames])
  const { from, commit, signal } = options
  const refuse = (option: string, given: unknown, expected: string) => {
    throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected })
  }
  if (typeof from !== 'string' || from === '') refuse('from', from, 'the path of a folder')
  if (commit !== undefined && !isCommitId(commit)) refuse('commit', commit, 'a full git commit id')
  signal?.throwIfAborted()
  return (await readArrival(systemDisk, options)).source.manifest
}
