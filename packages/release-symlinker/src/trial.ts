import { checkOptions, coreErrors, describeValue } from '@fairlead/core'
import { errors } from './errors.ts'
import type { Layout } from './layout.ts'
import { noteTrial } from './left-trial.ts'
import type { ProbeReport, ReleaseAmbientOptions, TrialOptions } from './model.ts'
import { findOwnership } from './owner.ts'
import type { Disk, Ownership } from './ports/disk.ts'
import { findSparePort } from './ports/http.ts'
import { startProgram } from './ports/process.ts'
import { probeOptionNames, readProbe, runProbe, type Probe } from './probe.ts'

/** A trial with its defaults, checked. */
export interface Trial {
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly user: Ownership | undefined
  /** Its port is chosen when it runs. */
  readonly probe: Probe
}

/**
 * Checks the options of a trial before anything changes. `commit` is that of the release.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, OWNER_UNKNOWN, OWNER_NOT_ALLOWED
 */
export async function readTrial(verb: string, options: TrialOptions, commit: string | undefined): Promise<Trial> {
  const own = ['command', 'path', 'environment', 'user'] as const
  checkOptions(verb, options, [...own, ...probeOptionNames.filter((name) => name !== 'url')])
  const { command, path = '/', environment = {}, user, ...probe } = options
  const refuse = (option: string, given: unknown, expected: string): never => {
    throw coreErrors.INVALID_OPTION({ verb, option: `trial.${option}`, given: describeValue(given), expected })
  }
  const isCommand = Array.isArray(command) && command.length > 0 && command.every((part) => typeof part === 'string')
  if (!isCommand || command[0] === '') refuse('command', command, 'a program and its arguments')
  if (typeof path !== 'string' || !path.startsWith('/')) refuse('path', path, 'a path that begins with /')
  return {
    command,
    environment,
    user: user === undefined ? undefined : await findOwnership(user, undefined),
    probe: readProbe(verb, { ...probe, url: `http://127.0.0.1${path}` }, commit),
  }
}

/**
 * Starts the program in the release, asks it until an answer passes, and stops it. Under the lock: where this process is
 * killed, the next run stops it.
 *
 * @throws TRIAL_FAILED, PROBE_FAILED; `signal.reason` when cancelled
 */
export async function runTrial(
  disk: Disk,
  layout: Layout,
  { command, environment, user, probe }: Trial,
  folder: string,
  ambient: ReleaseAmbientOptions,
): Promise<ProbeReport> {
  const port = String(await findSparePort())
  const ended = new AbortController()
  const program = startProgram(
    command.map((part) => part.replaceAll('{port}', port)),
    { folder, environment: { ...environment, PORT: port }, user },
  )
  void program.ended.then((reason) => ended.abort(errors.TRIAL_FAILED({ command: command.join(' '), reason })))
  const url = new URL(probe.url)
  url.port = port
  let note: string | undefined
  try {
    if (program.pid !== undefined) note = await noteTrial(disk, layout, program.pid)
    program.begin()
    const signal = ambient.signal ? AbortSignal.any([ambient.signal, ended.signal]) : ended.signal
    return await runProbe({ ...probe, url }, { ...ambient, signal })
  } finally {
    await program.stop()
    // What stays of it is swept.
    if (note !== undefined) await disk.removeFile(note).catch(() => false)
  }
}
