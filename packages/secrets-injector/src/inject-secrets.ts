import { ambientOptionNames, checkOptions, coreErrors, systemClock, timestamp } from '@fairlead/core'
import { commitFiles, recoverFiles, type FileContent } from './commit-files.ts'
import { errors } from './errors.ts'
import { fetchSecrets, type FetchedSecret } from './fetch-secrets.ts'
import type {
  EnvFileOptions,
  InjectedFile,
  InjectedSource,
  InjectionEvent,
  InjectionReport,
  InjectSecretsOptions,
  PlannedFile,
  SecretSource,
} from './model.ts'
import { findTarget, openDirectory, openParent } from './open-folders.ts'
import { encodeEnvFile } from './plan/env-text.ts'
import { expectationOfFile, expectationOfList, requireExpected, type Expectation } from './plan/expectation.ts'
import { planInjection, sourcesOf } from './plan/injection.ts'
import { encodeKeyFile } from './plan/key-file.ts'
import { kindOf, requestKey, requestOf } from './plan/sources.ts'
import { targetParts } from './plan/target-path.ts'
import { contentOf, variablesOf } from './plan/values.ts'
import { resolveOwner } from './ports/accounts.ts'
import { nodeFiles, type Files, type Folder } from './ports/files.ts'
import { secretsManager } from './ports/secrets-manager.ts'

const verb = 'injectSecrets'
const optionNames = [
  'directory',
  'owner',
  'group',
  'envFile',
  'files',
  'client',
  'region',
  'endpoint',
  ...ambientOptionNames,
]

/**
 * Writes secrets of AWS Secrets Manager below a folder: an environment file, files of their own, or both; all or none. Each file has
 * mode 0600 from its first byte and its owner before it gets its name. A repeat with the same values writes nothing.
 *
 * Every input is checked, every secret fetched and every file encoded and read back before anything is replaced. A run that was
 * killed while it replaced files is brought to its end by the next one.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, TARGET_PATH_INVALID, VARIABLE_NAME_INVALID, DIRECTORY_REFUSED, TARGET_REFUSED,
 * OWNER_UNKNOWN, EXPECTATION_UNREADABLE, INJECTION_BUSY, INJECTION_NOT_RECOVERED, SECRET_NOT_FOUND, SECRET_DELETED,
 * SECRET_NOT_DECRYPTED, SECRET_REQUEST_REFUSED, SECRETS_ANSWER_INVALID, SECRET_NOT_JSON, SECRET_KEY_MISSING, SECRET_FIELD_NOT_TEXT,
 * SECRET_IS_BINARY, SECRETS_MISSING_KEYS, SECRET_NOT_ENCODABLE, READ_BACK_DIFFERS, KEY_FILE_INVALID, FILE_OPERATION_FAILED, AWS_…
 */
export async function injectSecrets(options: InjectSecretsOptions): Promise<InjectionReport> {
  return await injectInto(options, nodeFiles())
}

/** {@link injectSecrets} over a given file system. */
export async function injectInto(options: InjectSecretsOptions, files: Files): Promise<InjectionReport> {
  const { clock = systemClock, onEvent } = requireInjectOptions(options)
  const { directory, owner, group, envFile, client, region, endpoint } = options
  const signal = options.signal ?? new AbortController().signal
  const plan = planInjection(options)
  signal.throwIfAborted()
  const emit = (event: Untimed<InjectionEvent>) => onEvent?.({ at: timestamp(clock), ...event } as InjectionEvent)

  const root = await openDirectory(files, directory)
  const port = secretsManager({ client, region, endpoint })
  try {
    const fileOwner = await resolveOwner(owner, group, signal)
    for (const { path } of plan.files) await requireTarget(files, root, path)
    const expectation = await readExpectation(files, root, envFile)
    await recover(files, root, clock.now(), emit)

    const fetched = await fetchSecrets(
      plan.secrets,
      port,
      {
        fetched: (name, versionId) =>
          emit({ type: 'secrets.secret-fetched', summary: `fetched ${name}, version ${versionId}`, name, versionId }),
        batchUnavailable: (reason, secrets) =>
          emit({
            type: 'secrets.batch-unavailable',
            summary: `secretsmanager:BatchGetSecretValue is ${reason}; fetching ${secrets.length} secrets one by one`,
            reason,
            secrets,
          }),
      },
      signal,
    )
    const encoded = plan.files.map((file) => encodeFile(file, fetched, expectation))
    const { written, leftover } = await commitFiles(files, root, encoded, {
      owner: fileOwner,
      signal,
      nowMs: clock.now(),
    })

    const report = encoded.map(({ path, names, sources }): InjectedFile => {
      return { path, ...(names ? { names } : {}), changed: written.includes(path), sources }
    })
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
    return { schema: 'fairlead/injection/1', directory: root.path, files: report, changed: written.length > 0 }
  } finally {
    port.close()
    await root.close()
  }
}

type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never

function requireInjectOptions(options: InjectSecretsOptions): InjectSecretsOptions {
  checkOptions(verb, options ?? {}, optionNames)
  const { directory, owner, group, client, region, endpoint } = options ?? {}
  const refuse = (option: string, given: unknown, expected: string): never => {
    throw coreErrors.INVALID_OPTION({ verb, option, given: kindOf(given), expected })
  }
  if (typeof directory !== 'string' || directory === '') refuse('directory', directory, 'the path of a folder')
  for (const [option, given] of Object.entries({ owner, group })) {
    const isId = typeof given === 'number' && Number.isInteger(given) && given >= 0
    if (given !== undefined && !isId && (typeof given !== 'string' || given === ''))
      refuse(option, given, 'a name or a number')
  }
  for (const [option, given] of Object.entries({ region, endpoint })) {
    if (given !== undefined && (typeof given !== 'string' || given === ''))
      refuse(option, given, 'text that is not empty')
    if (given !== undefined && client !== undefined) refuse(option, given, 'none beside client, which has its own')
  }
  if (client !== undefined && typeof client.send !== 'function') refuse('client', client, 'an AWS client with send()')
  return options
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

async function readExpectation(
  files: Files,
  root: Folder,
  envFile: EnvFileOptions | undefined,
): Promise<Expectation | undefined> {
  if (envFile?.expect === undefined) return undefined
  const { expect: path, dialect } = envFile
  if (typeof path !== 'string') return expectationOfList(path)
  const parts = targetParts(path)
  const parent = await openParent(files, root, parts, 'stop')
  const refuse = (problem: string) => errors.EXPECTATION_UNREADABLE({ path, dialect, problem })
  try {
    if (!parent || !(await findTarget(files, parent, parts.at(-1)!))) throw refuse('there is no such file')
    const text = new TextDecoder().decode(await files.read(parent, parts.at(-1)!))
    return expectationOfFile(path, text, dialect)
  } finally {
    if (parent !== root) await parent?.close()
  }
}

async function recover(
  files: Files,
  root: Folder,
  nowMs: number,
  emit: (event: Untimed<InjectionEvent>) => void,
): Promise<void> {
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

interface EncodedFile extends FileContent {
  readonly names?: readonly string[] | undefined
  readonly sources: readonly InjectedSource[]
}

function encodeFile(
  file: PlannedFile,
  fetched: ReadonlyMap<string, FetchedSecret>,
  expectation: Expectation | undefined,
): EncodedFile {
  const secretOf = (source: SecretSource) => fetched.get(requestKey(requestOf(source)))!
  const whole = (source: SecretSource) => secretOf(source).value
  const { path } = file
  const sources = distinctSources(sourcesOf(file).map((source) => ({ name: source.name, ...secretOf(source) })))
  if (file.kind === 'key-file') {
    return { path, bytes: encodeKeyFile(path, file.source.name, contentOf(file, whole)), sources }
  }
  const variables = variablesOf(file, whole)
  const names = variables.map(({ name }) => name)
  if (expectation) requireExpected(path, names, expectation)
  return { path, bytes: encodeEnvFile(file, variables), names, sources }
}

function distinctSources(sources: readonly InjectedSource[]): readonly InjectedSource[] {
  const distinct = new Map(
    sources.map(({ name, versionId }) => [JSON.stringify([name, versionId]), { name, versionId }]),
  )
  return [...distinct.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
