import { resolve } from 'node:path'
import { writeFileAtomically } from '@fairlead/core/files'
import { failUnknown } from '../plan/event-failure.ts'
import { destinationsOf, planCleanup, planInstall, type InstallInstruction, type PathKind } from '../plan/install.ts'
import { placeOnHost } from '../plan/layout.ts'
import {
  changeAccessList,
  changeMode,
  changeOwner,
  copyOne,
  findText,
  kindAt,
  makeFolder,
  openGrowingFile,
  readSourceTree,
  removeInstalled,
  removeTree,
} from '../ports/host-files.ts'
import type { Fence } from '../ports/fence.ts'
import { readAppSpec } from './read-app-spec.ts'
import type { Scene } from './scene.ts'

/**
 * Deletes what the previous revision installed, then plans, then copies: in this order, so that a file in the way is
 * found when the old release is gone already. So it is on a real host.
 */
export async function install(scene: Scene): Promise<void> {
  const { own, state, fence, deployment, rules, signal } = scene
  const name = deployment.appSpecFilename
  const spec = await readAppSpec(
    own.archive,
    name === undefined ? ['appspec.yml', 'appspec.yaml'] : [name],
    rules.profile,
  )
  const { possibleEvents } = deployment
  const unknown = possibleEvents ? Object.keys(spec.hooks).filter((event) => !possibleEvents.includes(event)) : []
  if (unknown.length > 0) {
    const list = unknown.map((event) => JSON.stringify(event)).join(', ')
    throw failUnknown(`appspec.yml file contains unknown lifecycle events: [${list}]`)
  }

  for (const path of planCleanup((await findText(state.cleanup)) ?? '')) {
    signal?.throwIfAborted()
    await removeInstalled(fence, path)
  }
  await removeTree(state.cleanup)

  const sources = await Promise.all(
    spec.files.map(async (file) => {
      const path = `${own.archive}/${file.source}`.replace(/\/{2,}/g, '/').replace(/\/$/, '')
      return { file, path, tree: await readSourceTree(fence, path) }
    }),
  )
  const kinds = new Map<string, PathKind>()
  const objects = spec.permissions.map(({ object }) => resolve(placeOnHost(fence.folder, object)))
  for (const path of [...destinationsOf(sources, fence.folder), ...objects]) kinds.set(path, await kindAt(path))
  const instructions = planInstall({
    folder: fence.folder,
    sources,
    kinds,
    fileExistsBehavior: spec.fileExistsBehavior ?? deployment.fileExistsBehavior ?? 'DISALLOW',
    permissions: spec.permissions,
  })
  await writeFileAtomically(state.plan, JSON.stringify({ instructions }))

  const cleanup = await openGrowingFile(state.cleanup, 'replace')
  try {
    for (const instruction of instructions) {
      signal?.throwIfAborted()
      await carryOut(fence, instruction, (path) => cleanup.append(`${path}\n`))
    }
  } finally {
    cleanup.close()
  }
  await writeFileAtomically(state.lastSuccessful, own.folder)
}

async function carryOut(fence: Fence, instruction: InstallInstruction, note: (path: string) => void): Promise<void> {
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
    case 'setfacl':
      return changeAccessList(fence, instruction.file, instruction.acl)
    case 'semanage':
      throw failUnknown(
        `cannot set the SELinux context of ${instruction.file}`,
        'a context is a rule of the whole machine; a host that is a folder has none of its own',
      )
  }
}
