import type { JsonObject } from '@fairlead/core'
import { findApplication, readPage, type Action, type ActionContext } from '../context.ts'
import * as faults from '../faults.ts'
import { checkParameters, readApplicationName, readDescription, readRevision, readText } from '../input.ts'
import type { CodeDeployState, RegisteredRevision } from '../model.ts'
import { findLastSuccessful } from '../plan/rollback.ts'
import { findRevision, isSame, putRevision } from '../plan/state.ts'
import { wireRevision, wireRevisionInfo } from '../wire.ts'

/** As in AWS, registering does not look into S3, and registering again replaces the description. */
export const registerApplicationRevision: Action = (input, context) => {
  const action = 'RegisterApplicationRevision'
  checkParameters(action, input, ['applicationName', 'description', 'revision'])
  const applicationName = readApplicationName(input)
  const description = readDescription(input)
  const revision = readRevision(action, input)
  findApplication(context, applicationName)
  const known = findRevision(context.state(), applicationName, revision)
  const registered = { ...(known ?? { applicationName, revision, registerTime: context.now() }), description }
  context.change((state) => putRevision(state, registered))
  return {}
}

export const getApplicationRevision: Action = (input, context) => {
  const action = 'GetApplicationRevision'
  checkParameters(action, input, ['applicationName', 'revision'])
  const { name: applicationName } = findApplication(context, readApplicationName(input))
  const revision = readRevision(action, input)
  const known = findRevision(context.state(), applicationName, revision)
  if (!known) throw faults.revisionDoesNotExist(`s3://${revision.bucket}/${revision.key} is not registered`)
  return {
    applicationName,
    revision: wireRevision(known.revision),
    revisionInfo: wireRevisionInfo(known, groupsAt(context.state(), known)),
  }
}

export const listApplicationRevisions: Action = (input, context) => {
  checkParameters('ListApplicationRevisions', input, [
    'applicationName',
    'sortBy',
    'sortOrder',
    's3Bucket',
    's3KeyPrefix',
    'deployed',
    'nextToken',
  ])
  const { name } = findApplication(context, readApplicationName(input))
  const revisions = sort(filter(context, name, input), input)
  // Pages are of texts, and a revision has no name of its own.
  const keys = revisions.map(({ revision }) => JSON.stringify(wireRevision(revision)))
  const { items, nextToken } = readPage(input, keys)
  return { revisions: items.map((key) => JSON.parse(key) as JsonObject), nextToken }
}

function filter(context: ActionContext, applicationName: string, input: JsonObject): readonly RegisteredRevision[] {
  const state = context.state()
  const bucket = readText(input, 's3Bucket')
  const prefix = readText(input, 's3KeyPrefix')
  if (prefix !== undefined && bucket === undefined) throw faults.bucketNameFilterRequired()
  const deployed = readText(input, 'deployed') ?? 'ignore'
  if (deployed !== 'include' && deployed !== 'exclude' && deployed !== 'ignore') {
    throw faults.invalidDeployedStateFilter(deployed)
  }
  return state.revisions.filter(
    (known) =>
      known.applicationName === applicationName &&
      (bucket === undefined || known.revision.bucket === bucket) &&
      known.revision.key.startsWith(prefix ?? '') &&
      (deployed === 'ignore' || (deployed === 'include') === groupsAt(state, known).length > 0),
  )
}

function sort(revisions: readonly RegisteredRevision[], input: JsonObject): readonly RegisteredRevision[] {
  const sortBy = readText(input, 'sortBy') ?? 'registerTime'
  if (sortBy !== 'registerTime' && sortBy !== 'firstUsedTime' && sortBy !== 'lastUsedTime') {
    throw faults.invalidSortBy(sortBy)
  }
  const order = readText(input, 'sortOrder') ?? 'ascending'
  if (order !== 'ascending' && order !== 'descending') throw faults.invalidSortOrder(order)
  const sign = order === 'ascending' ? 1 : -1
  return revisions.toSorted((a, b) => sign * ((a[sortBy] ?? 0) - (b[sortBy] ?? 0)))
}

/** The groups whose last successful deployment installed this revision. */
function groupsAt(state: CodeDeployState, { applicationName, revision }: RegisteredRevision): readonly string[] {
  return state.groups
    .filter((group) => {
      const last = findLastSuccessful(state.deployments, group.id)
      return group.applicationName === applicationName && last !== undefined && isSame(last.revision, revision)
    })
    .map(({ name }) => name)
}
