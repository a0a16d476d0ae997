import { inspectAppSpec, type AppSpec, type AppSpecFinding } from '@fairlead/appspec'
import { appSpecMissingWords, appSpecWords } from '../plan/appspec-words.ts'
import { failUnknown } from '../plan/event-failure.ts'
import { joinPath } from '../plan/host-path.ts'
import { appSpecNameOf, archiveOf } from '../plan/layout.ts'
import { findText, kindAt } from '../ports/host-files.ts'
import type { Scene } from './scene.ts'

/** An AppSpec that the agent works with, until Install comes to one of the defects. */
export interface ReadAppSpec {
  readonly spec: AppSpec
  /** The name of the file that was read. */
  readonly name: string
  /** The events that its hooks name, also those without scripts. */
  readonly events: readonly string[]
  /** What Install fails at, in the order of the file. */
  readonly installDefects: readonly AppSpecFinding[]
}

/** The AppSpec for the scripts of a deployment's folder, this one's or a previous one's. */
export async function readForHooks(scene: Scene, revision: string): Promise<ReadAppSpec> {
  const archive = archiveOf(revision)
  const given = nameOf(scene)
  const names = scene.rules.hooksFindOtherNames ? [...(await ownNames(scene, revision)), ...otherNames(given)] : [given]
  const name = await findName(archive, names)
  if (name === undefined) throw failUnknown(appSpecMissingWords(archive, given))
  return understand(scene, archive, name)
}

/** A previous revision goes by the name that it was deployed with. */
async function ownNames({ own }: Scene, revision: string): Promise<readonly string[]> {
  if (revision === own.folder) return []
  const name = await findText(appSpecNameOf(revision))
  return name === undefined ? [] : [name]
}

/** The AppSpec for Install, which looks for it under more names. */
export async function readForInstall(scene: Scene, archive: string): Promise<ReadAppSpec> {
  const name = await findName(archive, otherNames(nameOf(scene)))
  if (name !== undefined) return understand(scene, archive, name)
  throw failUnknown(`No such file or directory @ rb_sysopen - ${joinPath(archive, 'appspec.yml')}`)
}

function nameOf({ deployment, rules }: Scene): string {
  const name = deployment.appSpecFilename ?? 'appspec.yml'
  if (!rules.appSpecMayLieOutside && (name.startsWith('/') || name.split('/').includes('..'))) {
    throw failUnknown(`the AppSpec's path ${name} leads out of the revision`)
  }
  return name
}

function otherNames(name: string): readonly string[] {
  return [name, 'appspec.yaml', 'appspec.yml']
}

async function findName(archive: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) if ((await kindAt(joinPath(archive, name))) !== 'missing') return name
  return undefined
}

async function understand({ rules }: Scene, archive: string, name: string): Promise<ReadAppSpec> {
  const text = (await findText(joinPath(archive, name))) ?? ''
  // This agent stands for one on Linux, wherever it runs.
  const { spec, findings, events } = inspectAppSpec(text, { agent: rules.profile, hostOs: 'linux' })
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (spec) return { spec, name, events, installDefects: errors }
  const [first] = errors.filter(({ noticedBy }) => noticedBy === undefined)
  const detail = errors.map(({ line, column, message, cure }) => `${name}:${line}:${column} ${message}. ${cure}`)
  throw failUnknown(first ? appSpecWords(first) : 'the application specification file is invalid', detail.join('\n'))
}
