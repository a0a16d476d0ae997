import { appSpecErrors, parseAppSpec, type AgentProfile, type AppSpec } from '@fairlead/appspec'
import { isDeployError } from '@fairlead/core'
import { appSpecMissingWords, appSpecWords, osWords } from '../plan/appspec-words.ts'
import { failUnknown } from '../plan/event-failure.ts'
import { findText } from '../ports/host-files.ts'

/** Reads the AppSpec of an unpacked revision; what is wrong with it fails the event in the official agent's words. */
export async function readAppSpec(
  archive: string,
  names: readonly [string, ...string[]],
  agent: AgentProfile,
): Promise<AppSpec> {
  for (const name of names) {
    const text = await findText(`${archive}/${name}`)
    if (text !== undefined) return understand(text, agent)
  }
  throw failUnknown(appSpecMissingWords(archive, names[0]))
}

function understand(text: string, agent: AgentProfile): AppSpec {
  let spec: AppSpec
  try {
    spec = parseAppSpec(text, { agent })
  } catch (error) {
    if (!isDeployError(error, appSpecErrors.APPSPEC_INVALID)) throw error
    throw failUnknown(appSpecWords(error.context.defects), error.message)
  }
  // This agent stands for one on Linux, wherever it runs.
  if (spec.os !== 'linux') throw failUnknown(osWords(spec.os))
  return spec
}
