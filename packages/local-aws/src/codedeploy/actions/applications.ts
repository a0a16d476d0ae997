import { applicationArn, forgetApplicationTags, moveApplicationTags, readResourceTags, tagResource } from '../arns.ts'
import { findApplication, readPage, type Action } from '../context.ts'
import * as faults from '../faults.ts'
import { checkParameters, isName, readApplicationName, readText, readTexts } from '../input.ts'
import { maximumApplications, maximumNamesInBatch } from '../limits.ts'
import { wireApplication } from '../wire.ts'

export const createApplication: Action = (input, { state, change, newId, now, place }) => {
  checkParameters('CreateApplication', input, ['applicationName', 'computePlatform', 'tags'])
  const name = readApplicationName(input)
  checkComputePlatform(readText(input, 'computePlatform'))
  const tags = readResourceTags(input)
  const { applications } = state()
  if (applications.some((application) => application.name === name)) throw faults.applicationAlreadyExists(name)
  if (applications.length >= maximumApplications) throw faults.applicationLimitExceeded()
  const application = { id: newId(), name, createTime: now() }
  change((current) => ({
    ...tagResource(current, applicationArn(place, name), tags),
    applications: [...current.applications, application],
  }))
  return { applicationId: application.id }
}

/** Unlike other batches, AWS refuses this one as a whole where a name does not exist. */
export const batchGetApplications: Action = (input, context) => {
  checkParameters('BatchGetApplications', input, ['applicationNames'])
  const names = readTexts(input, 'applicationNames')
  if (!names || names.length === 0) throw faults.applicationNameRequired()
  if (names.length > maximumNamesInBatch) throw faults.batchLimitExceeded(names.length, maximumNamesInBatch)
  for (const name of names) if (!isName(name)) throw faults.invalidApplicationName(name)
  return { applicationsInfo: names.map((name) => wireApplication(findApplication(context, name))) }
}

/** Gives an application another name; its groups, revisions and deployments go with it. */
export const updateApplication: Action = (input, context) => {
  checkParameters('UpdateApplication', input, ['applicationName', 'newApplicationName'])
  const application = findApplication(context, readApplicationName(input))
  const name = readText(input, 'newApplicationName')
  if (!name) throw faults.applicationNameRequired()
  if (!isName(name)) throw faults.invalidApplicationName(name)
  if (name === application.name) return {}
  if (context.state().applications.some((other) => other.name === name)) throw faults.applicationAlreadyExists(name)
  const rename = <Item extends { readonly applicationName: string }>(items: readonly Item[]) =>
    items.map((item) => (item.applicationName === application.name ? { ...item, applicationName: name } : item))
  context.change((state) => ({
    ...moveApplicationTags(state, context.place, { from: application.name, to: name }),
    applications: state.applications.map((other) => (other.id === application.id ? { ...other, name } : other)),
    groups: rename(state.groups),
    revisions: rename(state.revisions),
    deployments: rename(state.deployments),
  }))
  return {}
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
export const deleteApplication: Action = (input, { change, place }) => {
  checkParameters('DeleteApplication', input, ['applicationName'])
  const name = readApplicationName(input)
  change((state) => ({
    ...forgetApplicationTags(state, place, name),
    applications: state.applications.filter((application) => application.name !== name),
    groups: state.groups.filter((group) => group.applicationName !== name),
    revisions: state.revisions.filter((revision) => revision.applicationName !== name),
  }))
  return {}
}

export function checkComputePlatform(given: string | undefined): void {
  if (given !== undefined && given !== 'Server') throw faults.invalidComputePlatform(given)
}
