import { resolve } from 'node:path'
import { ambientOptionNames, checkOptions, systemClock, timestamp, type Manifest } from '@fairlead/core'
import { extractTar } from './extract-tar.ts'
import { readFormat } from './ports/artifact-format.ts'
import { writeFolder } from './ports/output-folder.ts'
import { checkFlag, checkText } from './option-checks.ts'
import { checkReadOptions, checkSubject } from './read-options.ts'
import { tellProgress, type VerifyArtifactOptions } from './verify-artifact.ts'
import { unpackZip } from './verify-zip.ts'

export interface ExtractArtifactOptions extends VerifyArtifactOptions {
  /** The folder to make, relative to the working directory; it is not there yet or empty. The folders above it are made. */
  readonly into: string
  /** Whether everything is on the disk when the promise resolves, as after a power cut. Default: false. */
  readonly durable?: boolean | undefined
}

/** A folder that holds what an artifact holds. */
export interface ExtractedArtifact {
  /** Absolute. */
  readonly path: string
  readonly manifest: Manifest
}

const verb = 'extractArtifact'
const optionNames = ['into', 'durable', 'expectedSha256', 'expectedContentDigest', 'workers', ...ambientOptionNames]

/**
 * Unpacks an artifact into a new folder, its manifest with it, and verifies every entry on the way: all of it or
 * nothing. Exec bits, links and empty folders are kept; times and owners are those of the moment and of this process.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, ARTIFACT_CORRUPT, ARTIFACT_UNEXPECTED
 * @throws ARTIFACT_FOLDER_OCCUPIED, ARTIFACT_FOLDER_UNWRITABLE
 */
export async function extractArtifact(
  subject: string | { readonly path: string },
  options: ExtractArtifactOptions,
): Promise<ExtractedArtifact> {
  checkOptions(verb, options ?? {}, optionNames)
  const { expected, workers } = checkReadOptions(verb, options ?? {})
  const into = resolve(checkText(verb, 'into', options?.into, 'the path of the folder to make'))
  const durable = checkFlag(verb, 'durable', options.durable, false)
  const path = resolve(checkSubject(verb, subject))
  const { signal, onEvent, clock = systemClock } = options
  signal?.throwIfAborted()
  const format = await readFormat(path)
  const onProgress = onEvent && tellProgress(path, onEvent, clock)
  const manifest = await writeFolder(into, {
    durable,
    signal,
    fill: async (prepare) =>
      format === 'zip'
        ? unpackZip(path, signal, { expected, workers, onProgress, prepare })
        : (await extractTar(path, signal, { expected, prepare })).manifest,
    onLeftover: (leftover) =>
      onEvent?.({
        type: 'artifact.leftover-removed',
        at: timestamp(clock),
        summary: `removed ${leftover}`,
        path: leftover,
      }),
  })
  const entryCount = manifest.entries.length
  const summary = `extracted ${path} to ${into}: ${entryCount} entries`
  onEvent?.({ type: 'artifact.extracted', at: timestamp(clock), summary, path, into, entryCount })
  return { path: into, manifest }
}
