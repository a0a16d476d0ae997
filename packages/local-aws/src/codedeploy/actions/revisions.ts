import type { JsonObject } from '@fairlead/core'
import { findApplication, readPage, type Action, type ActionContext } from '../context.ts'
import * as faults from '../faults.ts'
import {
  checkParameters,
  readApplicationName,
  readDescription,
  readObjects,
  readRevision,
  readRevisionLocation,
  readText,
} from '../input.ts'
import { maximumBatchSize } from '../limits.ts'
import type { CodeDeployState, RegisteredRevision, Revision } from '../model.ts'
import { describeRevision, isSame } from '../plan/revision.ts'
import { findLastSuccessful } from '../plan/rollback.ts'
import { findRevision, putRevision } from '../plan/state.ts'
import { wireRevision, wireRevisionInfo } from '../wire.ts'

/** As in AWS, registering does not look into S3, and registering again replaces the description. */
export const registerApplicationRevision: Action = (input, context) => {
  checkParameters('RegisterApplicationRevision', input, ['applicationName', 'description', 'revision'])
  const applicationName = readApplicationName(input)
  const description = readDescription(input)
  const revision = readRevision(input)
  findApplication(context, applicationName)
  const known = findRevision(context.state(), applicationName, revision)
  const registered = { ...(known ?? { applicationName, revision, registerTime: context.now() }), description }
  context.change((state) => putRevision(state, registered))
  return {}
}

export const getApplicationRevision: Action = (input, context) => {
  checkParameters('GetApplicationRevision', input, ['applicationName', 'revision'])
  const { name: applicationName } = findApplication(context, readApplicationName(input))
  const revision = readRevision(input)
  const known = findRevision(context.state(), applicationName, revision)
  if (!known) throw faults.revisionDoesNotExist(`${describeRevision(revision)} is not registered`)
  return {
    applicationName,
    revision: wireRevision(known.revision),
    revisionInfo: wireRevisionInfo(known, groupsAt(context.state(), known)),
  }
}

/** Revisions that are not registered are left out. */
export const batchGetApplicationRevisions: Action = (input, context) => {
  checkParameters('BatchGetApplicationRevisions', input, ['applicationName', 'revisions'])
  const { name: applicationName } = findApplication(context, readApplicationName(input))
  const locations = readObjects(input, 'revisions')
  if (!locations || locations.length === 0) throw faults.revisionRequired()
  if (locations.length > maximumBatchSize) throw faults.batchLimitExceeded(locations.length)
  const state = context.state()
  const asked = locations.map(readRevisionLocation)
  const known = asked.map((revision) => findRevision(state, applicationName, revision))
  const missing = asked.filter((_, index) => known[index] === undefined).map(describeRevision)
  return {
    applicationName,
    revisions: known.flatMap((revision) =>
      revision
        ? [
            {
              revisionLocation: wireRevision(revision.revision),
              genericRevisionInfo: wireRevisionInfo(revision, groupsAt(state, revision)),
            },
          ]
        : [],
    ),
    errorMessage: missing.length > 0 ? `No revision found: ${missing.join(', ')}` : undefined,
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
      (bucket === undefined || isBelow(known.revision, bucket, prefix ?? '')) &&
      (deployed === 'ignore' || (deployed === 'include') === groupsAt(state, known).length > 0),
  )
}

function isBelow(revision: Revision, bucket: string, prefix: string): boolean {
  return revision.type === 'S3' && revision.bucket === bucket && revision.key.startsWith(prefix)
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
