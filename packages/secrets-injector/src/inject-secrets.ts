import { ambientOptionNames, systemClock } from '@fairlead/core'
import { commitFiles, recoverFiles } from './commit-files.ts'
import { commitVersion, liveFolder, recoverVersions } from './commit-version.ts'
import { emitter, type Emit } from './fetch-planned.ts'
import type { InjectedFile, InjectionReport, InjectSecretsOptions } from './model.ts'
import { findTarget, openDirectory, openParent } from './open-folders.ts'
import { planInjection } from './plan/injection.ts'
import { targetParts } from './plan/target-path.ts'
import { resolveOwner } from './ports/accounts.ts'
import { nodeFiles, type Files, type Folder } from './ports/files.ts'
import { prepareFiles, readExpectation, requireInjectionOptions } from './prepare-files.ts'

/**
 * Writes secrets of AWS Secrets Manager below a folder: an environment file, files of their own, or both; all or none. Each file has
 * mode 0600 from its first byte and its owner before it gets its name. A repeat with the same values writes nothing.
 *
 * Every input is checked, every secret fetched and every file encoded and read back before anything is replaced. A run that was
 * killed while it replaced files is brought to its end by the next one.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, TARGET_PATH_INVALID, VARIABLE_NAME_INVALID, VARIABLE_GIVEN_TWICE, DIRECTORY_REFUSED,
 * TARGET_REFUSED, OWNER_UNKNOWN, EXPECTATION_UNREADABLE, INJECTION_BUSY, INJECTION_NOT_RECOVERED, SECRETS_TIMED_OUT,
 * SECRET_NOT_FOUND, SECRET_DELETED, SECRET_NOT_DECRYPTED, SECRET_KEY_DENIED, SECRET_REQUEST_REFUSED, SECRET_STORE_FAILED,
 * SECRETS_ANSWER_INVALID, SECRET_NOT_JSON, SECRET_NAME_TWICE, SECRET_KEY_MISSING, SECRET_FIELD_NOT_TEXT, SECRET_IS_BINARY,
 * SECRETS_MISSING_KEYS, SECRETS_EXTRA_KEYS, SECRETS_UNEXPECTED, SECRET_NOT_ENCODABLE, READ_BACK_DIFFERS, KEY_FILE_INVALID,
 * FILE_OPERATION_FAILED, AWS_…
 */
export async function injectSecrets(options: InjectSecretsOptions): Promise<InjectionReport> {
  return await injectInto(options, nodeFiles())
}

/** {@link injectSecrets} over a given file system. */
export async function injectInto(options: InjectSecretsOptions, files: Files): Promise<InjectionReport> {
  const { clock = systemClock } = requireInjectionOptions('injectSecrets', options, ambientOptionNames)
  const { directory, owner, group, envFile, versioned = false, inMemory = false } = options
  const signal = options.signal ?? new AbortController().signal
  const plan = planInjection(options)
  signal.throwIfAborted()
  const emit = emitter(options)

  const root = await openDirectory(files, directory, { inMemory })
  try {
    const fileOwner = await resolveOwner(owner, group, signal)
    if (!versioned) for (const { path } of plan.files) await requireTarget(files, root, path)
    const expectation = await readExpectation(files, root, envFile)
    await recover(files, root, clock.now(), emit)
    if (versioned) await recoverVersions(files, root)

    const prepared = await prepareFiles(plan, options, expectation, emit, signal)
    const commit = versioned ? commitVersion : commitFiles
    const { written, leftover } = await commit(files, root, prepared, { owner: fileOwner, signal, nowMs: clock.now() })

    const report = prepared.map(({ path, env, sources }): InjectedFile => {
      const names = env?.variables.map(({ name }) => name)
      return { path, ...(names ? { names } : {}), changed: written.includes(path), sources }
    })
    tellFiles(report, leftover, emit)
    const live = versioned ? liveFolder(root) : root.path
    return { schema: 'fairlead/injection/1', directory: root.path, live, files: report, changed: written.length > 0 }
  } finally {
    await root.close()
  }
}

function tellFiles(report: readonly InjectedFile[], leftover: string | undefined, emit: Emit): void {
  for (const { path, changed } of report) {
    const [type, summary] = changed
      ? (['secrets.file-written', `wrote ${path}`] as const)
      : (['secrets.file-unchanged', `${path} is unchanged`] as const)
    emit({ type, summary, path })
  }
  if (leftover !== undefined) {
    const summary = `${leftover} could not be removed; the next injection does it`
    emit({ type: 'secrets.leftover-kept', summary, folder: leftover })
  }
}

/** Refuses a target before anything is fetched; it is looked at again when it is replaced. */
async function requireTarget(files: Files, root: Folder, path: string): Promise<void> {
  const parts = targetParts(path)
  const parent = await openParent(files, root, parts, 'stop')
  try {
    if (parent) await findTarget(files, parent, parts.at(-1)!)
  } finally {
    if (parent !== root) await parent?.close()
  }
}

async function recover(files: Files, root: Folder, nowMs: number, emit: Emit): Promise<void> {
  const { recoveries, ignored } = await recoverFiles(files, root, nowMs)
  for (const { outcome, paths } of recoveries) {
    const summary = `an earlier injection was killed: ${outcome}${paths.length > 0 ? ` ${paths.join(', ')}` : ''}`
    emit({ type: 'secrets.recovered', summary, outcome, files: paths })
  }
  for (const folder of ignored) {
    const summary = `${folder} is not a working folder of this user; left alone`
    emit({ type: 'secrets.leftover-ignored', summary, folder })
  }
}
