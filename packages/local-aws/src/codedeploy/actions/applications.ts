import { findApplication, readPage, type Action } from '../context.ts'
import * as faults from '../faults.ts'
import { checkParameters, isEmpty, readApplicationName, readText } from '../input.ts'
import { wireApplication } from '../wire.ts'

export const createApplication: Action = (input, { state, change, newId, now }) => {
  checkParameters('CreateApplication', input, ['applicationName', 'computePlatform'], { tags: isEmpty })
  const name = readApplicationName(input)
  checkComputePlatform(readText(input, 'computePlatform'))
  if (state().applications.some((application) => application.name === name)) throw faults.applicationAlreadyExists(name)
  const application = { id: newId(), name, createTime: now() }
  change((current) => ({ ...current, applications: [...current.applications, application] }))
  return { applicationId: application.id }
}

export const getApplication: Action = (input, context) => {
  checkParameters('GetApplication', input, ['applicationName'])
  return { application: wireApplication(findApplication(context, readApplicationName(input))) }
}

export const listApplications: Action = (input, { state }) => {
  checkParameters('ListApplications', input, ['nextToken'])
  const names = state().applications.map(({ name }) => name)
  const { items, nextToken } = readPage(input, names)
  return { applications: [...items], nextToken }
}

/** As in AWS, deleting what does not exist is no error; deployments stay in the history. */
export const deleteApplication: Action = (input, { change }) => {
  checkParameters('DeleteApplication', input, ['applicationName'])
  const name = readApplicationName(input)
  change((state) => ({
    ...state,
    applications: state.applications.filter((application) => application.name !== name),
    groups: state.groups.filter((group) => group.applicationName !== name),
    revisions: state.revisions.filter((revision) => revision.applicationName !== name),
  }))
  return {}
}

export function checkComputePlatform(given: string | undefined): void {
  if (given !== undefined && given !== 'Server') throw faults.invalidComputePlatform(given)
}
