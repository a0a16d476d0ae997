import { ambientOptionNames } from '@fairlead/core'
import { findCurrent, openVersion } from './commit-version.ts'
import { isInPlace } from './commit-files.ts'
import { emitter } from './fetch-planned.ts'
import type { FileDifference, InjectionDifference, InjectSecretsOptions } from './model.ts'
import { findTarget, openDirectory, openParent } from './open-folders.ts'
import { dialects } from './plan/dialects.ts'
import { planInjection } from './plan/injection.ts'
import { targetParts } from './plan/target-path.ts'
import { resolveOwner, type FileOwner } from './ports/accounts.ts'
import { nodeFiles, type Files, type Folder } from './ports/files.ts'
import { prepareFiles, readExpectation, requireInjectionOptions, type PreparedFile } from './prepare-files.ts'

/**
 * Says what {@link injectSecrets} would change: files, and the names of variables that would come, go or get another value. It
 * fetches, checks, encodes and reads back as an injection does, and so fails as that would; it writes nothing.
 *
 * @throws what injectSecrets throws before it writes
 */
export async function diffInjection(options: InjectSecretsOptions): Promise<InjectionDifference> {
  requireInjectionOptions('diffInjection', options, ambientOptionNames)
  const { directory, owner, group, envFile, versioned = false, inMemory = false } = options
  const signal = options.signal ?? new AbortController().signal
  const plan = planInjection(options)
  signal.throwIfAborted()
  const files = nodeFiles()
  const root = await openDirectory(files, directory, { inMemory })
  try {
    const fileOwner = await resolveOwner(owner, group, signal)
    const expectation = await readExpectation(files, root, envFile)
    const prepared = await prepareFiles(plan, options, expectation, emitter(options), signal)
    const live = versioned ? await openCurrent(files, root) : root
    try {
      const differences: FileDifference[] = []
      for (const file of prepared) differences.push(await differenceOf(files, live, file, fileOwner))
      const changed = differences.some(({ state }) => state !== 'unchanged')
      return { schema: 'fairlead/injection-difference/1', directory: root.path, files: differences, changed }
    } finally {
      if (live !== root) await live?.close()
    }
  } finally {
    await root.close()
  }
}

async function openCurrent(files: Files, root: Folder): Promise<Folder | undefined> {
  const id = await findCurrent(files, root)
  return id === undefined ? undefined : await openVersion(files, root, id)
}

async function differenceOf(
  files: Files,
  root: Folder | undefined,
  file: PreparedFile,
  owner: FileOwner,
): Promise<FileDifference> {
  const { path, bytes, env } = file
  const parts = targetParts(path)
  const parent = root && (await openParent(files, root, parts, 'stop'))
  try {
    const name = parts.at(-1)!
    if (!parent || !(await findTarget(files, parent, name))) {
      return { path, state: 'added', ...(env ? { added: env.variables.map(({ name }) => name) } : {}) }
    }
    if (await isInPlace(files, parent, name, bytes, owner)) return { path, state: 'unchanged' }
    const found = await files.read(parent, name)
    if (Buffer.compare(found, bytes) === 0) return { path, state: 'mode' }
    return { path, state: 'changed', ...(env ? namesOf(env, found) : {}) }
  } finally {
    if (parent !== root) await parent?.close()
  }
}

/** A file that its dialect rejects has no variables that would go. */
function namesOf({ dialect, variables }: NonNullable<PreparedFile['env']>, bytes: Uint8Array) {
  const reading = dialects[dialect].read(new TextDecoder().decode(bytes))
  const before = new Map('rejected' in reading ? [] : reading.variables.map((variable) => [variable.name, variable]))
  const after = new Map(variables.map(({ name, value }) => [name, value.reveal()]))
  const differs = (name: string) => before.get(name)!.expands || before.get(name)!.value !== after.get(name)
  return {
    added: [...after.keys()].filter((name) => !before.has(name)).sort(),
    removed: [...before.keys()].filter((name) => !after.has(name)).sort(),
    changed: [...after.keys()].filter((name) => before.has(name) && differs(name)).sort(),
  }
}
