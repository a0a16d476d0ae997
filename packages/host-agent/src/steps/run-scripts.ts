import { basename, resolve } from 'node:path'
import type { AppSpecScript } from '@fairlead/appspec'
import { chooseRevision } from '../plan/choose-revision.ts'
import { failEvent, failUnknown } from '../plan/event-failure.ts'
import { hookEnvironment } from '../plan/hook-environment.ts'
import { joinPath } from '../plan/host-path.ts'
import { archiveOf, isInside } from '../plan/layout.ts'
import { scriptCommand, type Command } from '../plan/script-command.ts'
import { deploymentLogLine, isUtf8, keepTail, logTime } from '../plan/script-log.ts'
import { errorWords } from '../plan/error-words.ts'
import { readMachine } from '../ports/accounts.ts'
import { findText, kindAt, openDeploymentLog, openGrowingFile, tryMakeExecutable } from '../ports/host-files.ts'
import { runScript, type OutputStream, type ScriptEnd } from '../ports/script-process.ts'
import { readForHooks } from './read-app-spec.ts'
import type { Scene } from './scene.ts'

/** The scripts of an event and the deployment's folder whose archive they come from. */
export interface PreparedScripts {
  readonly revision: string
  readonly scripts: readonly AppSpecScript[]
}

/** What is kept of the log while the scripts run; a failure carries it to the API. */
interface ScriptLog {
  /** Bytes: a script may print anything. */
  readonly write: (piece: Uint8Array | string) => void
}

/** Chooses the revision and reads its AppSpec; `undefined` where no script is to run. */
export async function prepareScripts(scene: Scene): Promise<PreparedScripts | undefined> {
  const revision = await findRevision(scene)
  if (revision === undefined) return undefined
  const { spec } = await readForHooks(scene, revision)
  const scripts = spec.hooks[scene.event] ?? []
  return scripts.length === 0 ? undefined : { revision, scripts }
}

/** Runs the scripts of an event one after the other; the first that fails ends it. */
export async function runScripts(
  scene: Scene,
  { revision, scripts }: PreparedScripts,
  keep: (tail: readonly Uint8Array[]) => void,
): Promise<void> {
  const { own, layout, deployment, event, clock } = scene
  const scriptsLog = await openGrowingFile(own.scriptsLog, 'append')
  const deploymentLog = await openDeploymentLog(layout.deploymentLog)
  let tail: readonly Uint8Array[] = []
  const log: ScriptLog = {
    write: (piece) => {
      const bytes = Buffer.from(piece)
      tail = keepTail([...tail, bytes])
      keep(tail)
      scriptsLog.append(Buffer.concat([Buffer.from(logTime(clock.now())), bytes]))
      if (isUtf8(bytes)) deploymentLog.append(deploymentLogLine(clock.now(), deployment.deploymentId, bytes))
    },
  }
  try {
    log.write(`LifecycleEvent - ${event}\n`)
    for (const script of scripts) await runOne(scene, script, revision, log)
  } finally {
    scriptsLog.close()
    deploymentLog.close()
  }
}

/** The deployment's folder whose scripts run, or `undefined` where there is no previous one. */
async function findRevision({ own, state, layout, deployment, event }: Scene): Promise<string | undefined> {
  const isUnpacked = (await kindAt(own.archive)) !== 'missing'
  const choice = chooseRevision(event, deployment, { isUnpacked })
  if (choice === 'current') return own.folder
  const text = await findText(choice === 'last-successful' ? state.lastSuccessful : state.mostRecent)
  const folder = text?.replace(/\r?\n$/, '')
  if (folder !== undefined && !isInside(layout.root, folder)) {
    throw failUnknown(`refused to run scripts of ${folder}`, `it is outside of the deployment root ${layout.root}`)
  }
  return folder
}

async function runOne(scene: Scene, script: AppSpecScript, revision: string, log: ScriptLog): Promise<void> {
  const { host, deployment, event, rules, clock, signal, tell } = scene
  const { location, timeoutSeconds } = script
  const path = joinPath(archiveOf(revision), location)
  if ((await kindAt(path)) === 'missing') {
    const message = `Script does not exist at specified location: ${resolve(path)}`
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
  const { wrap = (plain: Command) => plain, keepsUser = false } = scene.isolation ?? {}
  const command = scriptCommand(keepsUser ? {} : script, path, rules, machine)
  const end = await runScript(
    {
      ...wrap(command),
      workingDirectory: host.folder,
      environment: hookEnvironment(host, deployment, event, machine),
      timeoutMs: timeoutSeconds * 1000,
      killAfterTermMs: rules.killAfterTermMs,
      onOutput: (stream, piece) => {
        log.write(Buffer.concat([Buffer.from(`[${stream}]`), piece]))
        tell({ type: 'host.script-output', script: location, stream, ...lineOf(stream, piece) })
        return isUtf8(piece)
      },
    },
    { clock, signal },
  )
  judge(end, script, command, rules.signalledExitCode)
}

function lineOf(stream: OutputStream, piece: Uint8Array): { readonly line: string; readonly summary: string } {
  const line = Buffer.from(piece).toString('utf8').replace(/\n$/, '')
  return { line, summary: `[${stream}] ${line}` }
}

function judge(end: ScriptEnd, script: AppSpecScript, command: Command, signalledExitCode: string): void {
  const { location, timeoutSeconds, runas } = script
  const at = `Script at specified location: ${location}`
  const as = runas === undefined ? '' : ` run as user ${runas}`
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
    case 'unread': {
      const message = `${at}${as} failed with error ArgumentError with message invalid byte sequence in UTF-8`
      const detail = `a line that ${location} printed to its ${end.stream} is not UTF-8, at which the agent stops reading and fails the script whatever it exits with`
      throw failEvent({ code: 'ScriptFailed', scriptName: location, message, detail })
    }
    case 'not-started': {
      const message = `${at}${as} failed with error ${errorWords(end.error, command.file)}`
      throw failEvent({ code: 'ScriptFailed', scriptName: location, message })
    }
    case 'exited': {
      if (end.exitCode === 0) return
      const message = `${at}${as} failed with exit code ${end.exitCode ?? signalledExitCode}`
      throw failEvent({ code: 'ScriptFailed', scriptName: location, message })
    }
  }
}
