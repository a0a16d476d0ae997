import { basename } from 'node:path'
import type { AppSpecScript } from '@fairlead/appspec'
import { chooseRevision } from '../plan/choose-revision.ts'
import { failEvent, failUnknown } from '../plan/event-failure.ts'
import { hookEnvironment } from '../plan/hook-environment.ts'
import { archiveOf, isInside } from '../plan/layout.ts'
import { deploymentLogTime, keepTail, logTime } from '../plan/script-log.ts'
import { readMachine } from '../ports/accounts.ts'
import { findText, kindAt, makeFolders, openGrowingFile, tryMakeExecutable } from '../ports/host-files.ts'
import { runScript, type OutputStream, type ScriptEnd } from '../ports/script-process.ts'
import { readAppSpec } from './read-app-spec.ts'
import type { Scene } from './scene.ts'

/** What is kept of the log while the scripts run; a failure carries it to the API. */
interface ScriptLog {
  /** Bytes: a script may print anything. */
  readonly write: (piece: Uint8Array | string) => void
}

/** Runs the scripts of an event one after the other; the first that fails ends it. Answers whether there was none. */
export async function runScripts(
  scene: Scene,
  keep: (tail: readonly Uint8Array[]) => void,
): Promise<{ noop: boolean }> {
  const { own, layout, deployment, event, clock } = scene
  const revision = await findRevision(scene)
  if (revision === undefined) return { noop: true }
  const spec = await readAppSpec(
    archiveOf(revision),
    [deployment.appSpecFilename ?? 'appspec.yml'],
    scene.rules.profile,
  )
  const scripts = spec.hooks[event] ?? []
  if (scripts.length === 0) return { noop: true }

  await makeFolders(own.folder)
  const files = [
    { file: await openGrowingFile(own.scriptsLog, 'append'), stamp: () => logTime(clock.now()) },
    {
      file: await openGrowingFile(layout.deploymentLog, 'append'),
      stamp: () => deploymentLogTime(clock.now(), deployment.deploymentId),
    },
  ]
  let tail: readonly Uint8Array[] = []
  const log: ScriptLog = {
    write: (piece) => {
      const bytes = Buffer.from(piece)
      for (const { file, stamp } of files) file.append(Buffer.concat([Buffer.from(stamp()), bytes]))
      tail = keepTail([...tail, bytes])
      keep(tail)
    },
  }
  try {
    log.write(`LifecycleEvent - ${event}\n`)
    for (const script of scripts) await runOne(scene, script, revision, log)
  } finally {
    for (const { file } of files) file.close()
  }
  return { noop: false }
}

/** The deployment's folder whose scripts run, or `undefined` where there is no previous one. */
async function findRevision({ own, state, layout, deployment, event }: Scene): Promise<string | undefined> {
  const isUnpacked = (await kindAt(own.archive)) === 'directory'
  const choice = chooseRevision(event, deployment, { isUnpacked })
  if (choice === 'current') return own.folder
  const folder = await findText(choice === 'last-successful' ? state.lastSuccessful : state.mostRecent)
  if (folder !== undefined && !isInside(layout.root, folder)) {
    throw failUnknown(`refused to run scripts of ${folder}`, `it is outside of the deployment root ${layout.root}`)
  }
  return folder
}

async function runOne(scene: Scene, script: AppSpecScript, revision: string, log: ScriptLog): Promise<void> {
  const { host, deployment, event, rules, clock, signal, tell } = scene
  const { location, timeoutSeconds, runas } = script
  const path = `${archiveOf(revision)}/${location}`.replace(/\/{2,}/g, '/')
  if ((await kindAt(path)) === 'missing') {
    const message = `Script does not exist at specified location: ${path}`
    throw failEvent({ code: 'ScriptMissing', scriptName: location, message })
  }
  if (!(await tryMakeExecutable(path))) {
    const message = `Unable to set script at specified location: ${location} as executable`
    throw failEvent({ code: 'ScriptNotExecutable', scriptName: location, message })
  }
  const machine = readMachine()
  log.write(`Script - ${location}\n`)
  const from = basename(revision)
  tell({ type: 'host.script-started', script: location, from, summary: `${event}: ${location} of ${from}` })
  const end = await runScript(
    {
      ...commandOf(path, runas, machine),
      workingDirectory: host.folder,
      environment: hookEnvironment(host, deployment, event, machine),
      timeoutMs: timeoutSeconds * 1000,
      killAfterTermMs: rules.killAfterTermMs,
      onOutput: (stream, piece) => {
        log.write(Buffer.concat([Buffer.from(`[${stream}]`), piece]))
        tell({ type: 'host.script-output', script: location, stream, ...lineOf(stream, piece) })
      },
    },
    { clock, signal },
  )
  judge(end, script, rules.signalledExitCode)
}

function lineOf(stream: OutputStream, piece: Uint8Array): { readonly line: string; readonly summary: string } {
  const line = Buffer.from(piece).toString('utf8').replace(/\n$/, '')
  return { line, summary: `[${stream}] ${line}` }
}

/** Another user's script goes through a plain `su`, as the official agent's does. */
function commandOf(
  path: string,
  runas: string | undefined,
  machine: { readonly user: string; readonly isRoot: boolean },
): { readonly file: string; readonly args: readonly string[] } {
  // Without root, su would ask for a password even for oneself.
  if (runas === undefined || (!machine.isRoot && runas === machine.user)) return { file: path, args: [] }
  const quoted = `'${path.replaceAll("'", `'\\''`)}'`
  return { file: 'su', args: [runas, '-c', quoted] }
}

function judge(end: ScriptEnd, { location, timeoutSeconds, runas }: AppSpecScript, signalledExitCode: string): void {
  const at = `Script at specified location: ${location}`
  switch (end.kind) {
    case 'timed-out': {
      const message = `${at} failed to complete in ${timeoutSeconds} seconds`
      throw failEvent({ code: 'ScriptTimedOut', scriptName: location, message })
    }
    case 'left-open': {
      // The wire has a code of its own for this (6), the API has none.
      const message = `${at} failed to close ${end.stream.toUpperCase()}`
      const detail = `a process that ${location} started in the background still holds its ${end.stream}; redirect it`
      throw failEvent({ code: 'UnknownError', wireCode: 6, scriptName: location, message, detail })
    }
    case 'not-started': {
      const message = `${at} failed with error ${end.error.code ?? end.error.name} with message ${end.error.message}`
      throw failEvent({ code: 'ScriptFailed', scriptName: location, message })
    }
    case 'exited': {
      if (end.exitCode === 0) return
      const user = runas === undefined ? '' : ` run as user ${runas}`
      const message = `${at}${user} failed with exit code ${end.exitCode ?? signalledExitCode}`
      throw failEvent({ code: 'ScriptFailed', scriptName: location, message })
    }
  }
}
