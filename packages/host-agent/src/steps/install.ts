import { writeFileAtomically } from '@fairlead/core/files'
import type { AppSpecFinding, AppSpecPermission } from '@fairlead/appspec'
import { completeAccessList } from '../plan/access-list.ts'
import { checkEvents } from '../plan/check-events.ts'
import { failUnknown } from '../plan/event-failure.ts'
import { expandPath, joinPath, onDisk, placeOnHost } from '../plan/host-path.ts'
import {
  destinationsOf,
  planCleanup,
  planInstall,
  type InstallContext,
  type InstallInstruction,
  type InstallSource,
  type PathKind,
} from '../plan/install.ts'
import type { PlacedPermission } from '../plan/permissions.ts'
import {
  changeAccessList,
  changeMode,
  changeOwner,
  copyOne,
  findText,
  kindAt,
  makeFolder,
  makeFolders,
  openGrowingFile,
  readSourceTree,
  removeInstalled,
  removeTree,
} from '../ports/host-files.ts'
import type { Fence } from '../ports/fence.ts'
import { readForInstall, type ReadAppSpec } from './read-app-spec.ts'
import type { Scene } from './scene.ts'

/**
 * Deletes what the previous revision installed, then plans, then copies: in this order, so that a file in the way is
 * found when the old release is gone already. So it is on a real host.
 */
export async function install(scene: Scene): Promise<void> {
  const { own, state, layout, deployment, hookEvents } = scene
  await makeFolders(layout.instructions)
  const read = await readForInstall(scene, own.archive)
  checkEvents(read, deployment.possibleEvents, hookEvents)
  await cleanUp(scene)
  const instructions = planInstall(await gatherFacts(scene, read))
  await writePlan(state.plan, instructions)
  await carryOutAll(scene, instructions)
  await writeFileAtomically(state.lastSuccessful, own.folder)
}

/** The agent opens its plan before it finds out that a context without a range cannot be written. */
async function writePlan(path: string, instructions: readonly InstallInstruction[]): Promise<void> {
  const rangeless = instructions.some((step) => step.type === 'semanage' && step.context.range === undefined)
  await writeFileAtomically(path, rangeless ? '' : JSON.stringify({ instructions }))
  if (rangeless) throw failUnknown("undefined method `get_range' for nil:NilClass", 'the context has no range')
}

async function cleanUp({ state, fence, signal }: Scene): Promise<void> {
  for (const path of planCleanup((await findText(state.cleanup)) ?? '')) {
    signal?.throwIfAborted()
    // A rule of SELinux was never made here.
    if (!path.startsWith('semanage\0')) await removeInstalled(fence, onDisk(fence.folder, path))
  }
  await removeTree(state.cleanup)
}

/** What is there, for {@link planInstall} to decide upon. */
async function gatherFacts(scene: Scene, { spec, installDefects }: ReadAppSpec) {
  const { own, fence, deployment } = scene
  const { folder } = fence
  const sources: InstallSource[] = []
  for (const [index, file] of spec.files.entries()) {
    const path = joinPath(own.archive, file.source)
    const defect = defectAt(installDefects, `files[${index}].`)
    sources.push({ file, path, tree: await readSourceTree(fence, path), defect: defect && conversionWords(defect) })
  }
  const permissions = spec.permissions.map((rule, index) => placed(rule, index, folder, installDefects))
  const kinds = new Map<string, PathKind>()
  const paths = [...destinationsOf(sources, folder), ...permissions.map(({ object }) => object)]
  for (const path of paths) kinds.set(path, await kindAt(onDisk(folder, path)))
  const fileExistsBehavior = spec.fileExistsBehavior ?? deployment.fileExistsBehavior ?? 'DISALLOW'
  return { folder, sources, kinds, fileExistsBehavior, permissions }
}

function placed(
  rule: AppSpecPermission,
  index: number,
  folder: string,
  defects: readonly AppSpecFinding[],
): PlacedPermission {
  const account = (key: 'owner' | 'group') =>
    defectAt(defects, `permissions[${index}].${key}`) ? untyped(rule[key] ?? '') : rule[key]
  const object = expandPath(folder, placeOnHost(folder, rule.object))
  return { ...rule, object, owner: account('owner'), group: account('group') }
}

function untyped(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return Number.isNaN(Number(text)) ? text : Number(text)
}

function defectAt(defects: readonly AppSpecFinding[], path: string): AppSpecFinding | undefined {
  return defects.find((defect) => defect.path.startsWith(path))
}

/** In Ruby's words, which are all that a user of the official agent gets to see. */
function conversionWords({ given = '' }: AppSpecFinding): string {
  const kind = /^(?:true|false)$/.test(given) ? given : /^-?\d+$/.test(given) ? 'Integer' : 'value'
  return `no implicit conversion of ${kind} into String`
}

async function carryOutAll(scene: Scene, instructions: readonly InstallInstruction[]): Promise<void> {
  const { state, fence, signal } = scene
  const cleanup = await openGrowingFile(state.cleanup, 'replace')
  const added = new Map<readonly string[], readonly string[]>()
  try {
    for (const instruction of instructions) {
      signal?.throwIfAborted()
      await carryOut(fence, instruction, { note: (path) => cleanup.append(`${path}\n`), added })
    }
  } finally {
    cleanup.close()
  }
}

interface Progress {
  /** Writes down what the next Install has to remove. */
  readonly note: (path: string) => void
  /** What was added to an access list for the objects before. */
  readonly added: Map<readonly string[], readonly string[]>
}

async function carryOut(fence: Fence, instruction: InstallInstruction, { note, added }: Progress): Promise<void> {
  switch (instruction.type) {
    case 'mkdir':
      await makeFolder(fence, instruction.directory)
      return note(instruction.directory)
    case 'copy':
      // Noted first: a copy that breaks off half-way is there to be cleaned up.
      note(instruction.destination)
      return copyOne(fence, instruction.source, instruction.destination)
    case 'chmod':
      return changeMode(fence, instruction.file, instruction.mode)
    case 'chown':
      return changeOwner(fence, instruction.file, instruction)
    case 'setfacl': {
      const { acl, file } = instruction
      return changeAccessList(fence, file, acl, (mode) => {
        const more = completeAccessList(acl, added.get(acl) ?? [], mode)
        added.set(acl, more)
        return more
      })
    }
    case 'semanage':
      throw failUnknown(
        `The deployment failed because the application specification file contains an error in the settings for the context parameter. Update the permissions section of the AppSpec file, and then try again. Failed command: semanage fcontext -a ${contextArguments(instruction.context)} ${instruction.file}. Exit code: `,
        `a context is a rule of the whole machine; the host ${fence.folder} is a folder and has none of its own`,
      )
  }
}

function contextArguments({ user, type, range = '' }: InstallContext): string {
  return `${user === null ? '' : `-s ${user} `}-t ${type} -r ${range}`
}
