import { ambientOptionNames, checkOptions } from '@fairlead/core'
import { errors } from './errors.ts'
import { emitter } from './fetch-planned.ts'
import { ownEnvironment, runChild, type ChildEnd } from './ports/child.ts'
import { fetchOptionNames, refusalOf } from './prepare-files.ts'
import { readVariables, valueOptionNames, type ReadSecretsOptions } from './read-secrets.ts'

export interface WithSecretsOptions extends ReadSecretsOptions {
  /** The program and its arguments; no shell is between. */
  readonly command: readonly [string, ...string[]]
  /** Default: that of this process. */
  readonly cwd?: string | undefined
  /** The variables beside the secrets, which win. Default: those of this process. */
  readonly environment?: Readonly<Record<string, string>> | undefined
}

/** What errors call the place of the variables. */
const environmentName = 'the environment of the program'

/**
 * Runs a program with secrets in its environment, and this process's input and output. Nothing is written to a file. Whoever may look
 * into a process of this user (`/proc/<pid>/environ`) sees them, as with every environment.
 *
 * @returns how it ended; a program that fails is no error of ours. When `signal` aborts, the program gets SIGTERM and is waited for.
 * @throws CHILD_NOT_STARTED, and what injectSecrets throws before it writes
 */
export async function withSecrets(options: WithSecretsOptions): Promise<ChildEnd> {
  const verb = 'withSecrets'
  const own = ['command', 'cwd', 'environment']
  checkOptions(verb, options ?? {}, [...own, ...valueOptionNames, ...fetchOptionNames, ...ambientOptionNames])
  const { command, cwd, environment = ownEnvironment(), signal = new AbortController().signal } = options
  const refuse = refusalOf(verb)
  const isCommand = Array.isArray(command) && command.length > 0 && command.every((part) => typeof part === 'string')
  if (!isCommand || command[0] === '') refuse('command', command, 'a list of a program and its arguments')
  if (cwd !== undefined && (typeof cwd !== 'string' || cwd === '')) refuse('cwd', cwd, 'the path of a folder')
  const variables = await readVariables(verb, environmentName, options, emitter(options))
  for (const { name, value } of variables) {
    if (value.reveal().includes('\0')) {
      const reason = 'it holds a NUL character, which no environment variable can'
      const wayOut = 'Write the secret to a file of its own (injectSecrets, `files`), or store it in base64.'
      throw errors.SECRET_NOT_ENCODABLE({ file: environmentName, variable: name, reason, wayOut })
    }
  }
  const values = Object.fromEntries(variables.map(({ name, value }) => [name, value.reveal()]))
  try {
    const end = await runChild(command, { environment: { ...environment, ...values }, cwd, signal })
    signal.throwIfAborted()
    return end
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // The message of a failed spawn has the arguments; the environment is not in it, and must not come into it.
    if (signal.aborted || code === undefined) throw error
    throw errors.CHILD_NOT_STARTED({ program: command[0], reason: code })
  }
}
