import type { JsonObject, JsonValue } from '@fairlead/core'
import { batchLimit, listSecretsLimit } from '../limits.ts'
import { ServiceFault, type ServiceCall } from '../service.ts'
import {
  asObject,
  optionalFlag,
  optionalList,
  optionalNumber,
  optionalText,
  optionalTexts,
  requiredText,
  requireKnown,
  secretFaults,
} from './input.ts'
import type { Secret, SecretVersion } from './model.ts'
import { describeRotation } from './rotation.ts'
import { pageToken, readPageToken, type SecretsState } from './state.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Times on the wire are seconds since 1970, with fractions. */
export function seconds(ms: number): number {
  return Math.round(ms) / 1000
}

export function getSecretValue(state: SecretsState, input: JsonObject): JsonObject {
  requireKnown('GetSecretValue', input, ['SecretId', 'VersionId', 'VersionStage'])
  const secret = state.require(requiredText(input, 'SecretId'))
  if (secret.deletion) throw secretFaults.markedForDeletion()
  return readValue(state, secret, optionalText(input, 'VersionId'), optionalText(input, 'VersionStage'))
}

function readValue(
  state: SecretsState,
  secret: Secret,
  versionId: string | undefined,
  versionStage: string | undefined,
): JsonObject {
  const version = findVersion(secret, versionId, versionStage)
  // AWS keeps the day of the last reading, not its time.
  secret.accessedMs = Math.floor(state.nowMs() / dayMs) * dayMs
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.id,
    SecretString: version.text,
    SecretBinary: version.binary,
    VersionStages: version.stages,
    CreatedDate: seconds(version.createdMs),
  }
}

function findVersion(secret: Secret, versionId: string | undefined, stage: string | undefined): SecretVersion {
  const wantedStage = stage ?? (versionId === undefined ? 'AWSCURRENT' : undefined)
  if (versionId !== undefined) {
    const version = secret.versions.get(versionId)
    if (!version || !hasValue(version)) throw secretFaults.noValue(`VersionId: ${versionId}`)
    if (wantedStage !== undefined && !version.stages.includes(wantedStage)) {
      throw secretFaults.invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.')
    }
    return version
  }
  const version = [...secret.versions.values()].find(({ stages }) => stages.includes(wantedStage ?? ''))
  if (!version || !hasValue(version)) throw secretFaults.noValue(`staging label: ${wantedStage ?? ''}`)
  return version
}

function hasValue({ text, binary }: SecretVersion): boolean {
  return text !== undefined || binary !== undefined
}

/** What a batch needs for each of its secrets; one that is refused is an error of its own inside the answer. */
type RequireAccess = NonNullable<ServiceCall['requireAccess']>

export function batchGetSecretValue(
  state: SecretsState,
  input: JsonObject,
  requireAccess: RequireAccess = () => {},
): JsonObject {
  requireKnown('BatchGetSecretValue', input, ['SecretIdList', 'Filters', 'MaxResults', 'NextToken'])
  const ids = optionalTexts(input, 'SecretIdList')
  const filters = optionalList(input, 'Filters')
  if ((ids === undefined) === (filters === undefined)) {
    throw secretFaults.invalidParameter('You must include Filters or SecretIdList, but not both.')
  }
  const limit = readLimit(input, batchLimit)
  const errors: JsonObject[] = []
  const readOne = (id: string): readonly JsonObject[] => {
    try {
      // The ARN where there is one: that is what a policy names.
      requireAccess({ action: 'secretsmanager:GetSecretValue', resource: state.find(id)?.arn ?? id })
      return [getSecretValue(state, { SecretId: id })]
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error
      errors.push({ SecretId: id, ErrorCode: error.name, Message: error.message })
      return []
    }
  }
  if (ids) {
    if (optionalNumber(input, 'MaxResults') !== undefined) {
      throw secretFaults.invalidParameter('To use MaxResults, you must also use Filters.')
    }
    if (ids.length < 1 || ids.length > batchLimit) {
      throw secretFaults.invalidParameter(`SecretIdList must have between 1 and ${batchLimit} items.`)
    }
    const values = [...new Set(ids)].flatMap(readOne)
    return { SecretValues: values, Errors: errors }
  }
  const passes = readFilters(filters ?? [])
  const { page, nextToken } = takePage(
    state.all().filter((secret) => !secret.deletion && passes(secret)),
    limit,
    optionalText(input, 'NextToken'),
  )
  return {
    SecretValues: page.flatMap(({ name }) => readOne(name)),
    Errors: errors,
    NextToken: nextToken,
  }
}

export function describeSecret(state: SecretsState, input: JsonObject): JsonObject {
  requireKnown('DescribeSecret', input, ['SecretId'])
  const secret = state.require(requiredText(input, 'SecretId'))
  return { ...summarise(secret), VersionIdsToStages: stagesById(secret) }
}

export function listSecrets(state: SecretsState, input: JsonObject): JsonObject {
  requireKnown('ListSecrets', input, [
    'Filters',
    'IncludePlannedDeletion',
    'MaxResults',
    'NextToken',
    'SortBy',
    'SortOrder',
  ])
  const withDeleted = optionalFlag(input, 'IncludePlannedDeletion')
  const passes = readFilters(optionalList(input, 'Filters') ?? [])
  const order = optionalText(input, 'SortOrder') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') throw secretFaults.invalidParameter(`Invalid SortOrder: ${order}`)
  const compare = readSortBy(optionalText(input, 'SortBy') ?? 'created-date')
  const found = state
    .all()
    .filter((secret) => (withDeleted || !secret.deletion) && passes(secret))
    .sort(compare)
  const { page, nextToken } = takePage(
    order === 'asc' ? found : found.toReversed(),
    readLimit(input, listSecretsLimit),
    optionalText(input, 'NextToken'),
  )
  return {
    SecretList: page.map((secret) => ({ ...summarise(secret), SecretVersionsToStages: stagesById(secret) })),
    NextToken: nextToken,
  }
}

function readSortBy(sortBy: string): (a: Secret, b: Secret) => number {
  switch (sortBy) {
    case 'created-date':
      return (a, b) => a.createdMs - b.createdMs
    case 'last-accessed-date':
      return (a, b) => (a.accessedMs ?? 0) - (b.accessedMs ?? 0)
    case 'last-changed-date':
      return (a, b) => a.changedMs - b.changedMs
    case 'name':
      return (a, b) => (a.name < b.name ? -1 : 1)
    default:
      throw secretFaults.invalidParameter(`Invalid SortBy: ${sortBy}`)
  }
}

export function listSecretVersionIds(state: SecretsState, input: JsonObject): JsonObject {
  requireKnown('ListSecretVersionIds', input, ['SecretId', 'IncludeDeprecated', 'MaxResults', 'NextToken'])
  const secret = state.require(requiredText(input, 'SecretId'))
  const deprecated = optionalFlag(input, 'IncludeDeprecated')
  const versions = [...secret.versions.values()].filter(({ stages }) => deprecated || stages.length > 0)
  const { page, nextToken } = takePage(versions, readLimit(input, listSecretsLimit), optionalText(input, 'NextToken'))
  return {
    ARN: secret.arn,
    Name: secret.name,
    Versions: page.map((version) => ({
      VersionId: version.id,
      VersionStages: version.stages,
      CreatedDate: seconds(version.createdMs),
    })),
    NextToken: nextToken,
  }
}

function stagesById(secret: Secret): JsonObject {
  return Object.fromEntries(
    [...secret.versions.values()].filter(({ stages }) => stages.length > 0).map(({ id, stages }) => [id, stages]),
  )
}

function summarise(secret: Secret): JsonObject {
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    CreatedDate: seconds(secret.createdMs),
    LastChangedDate: seconds(secret.changedMs),
    ...describeRotation(secret),
    LastAccessedDate: secret.accessedMs === undefined ? undefined : seconds(secret.accessedMs),
    DeletedDate: secret.deletion && seconds(secret.deletion.atMs),
    Tags: secret.tags.length > 0 ? secret.tags : undefined,
  }
}

function readLimit(input: JsonObject, most: number): number {
  const limit = optionalNumber(input, 'MaxResults') ?? most
  if (!Number.isInteger(limit) || limit < 1 || limit > most) {
    throw secretFaults.invalidParameter(`MaxResults must be between 1 and ${most}.`)
  }
  return limit
}

function takePage<T>(
  all: readonly T[],
  limit: number,
  token: string | undefined,
): { readonly page: readonly T[]; readonly nextToken: string | undefined } {
  const offset = readPageToken(token)
  const end = offset + limit
  return { page: all.slice(offset, end), nextToken: end < all.length ? pageToken(end) : undefined }
}

/**
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html and
 * …/userguide/manage_search-secret.html: prefixes, of which a description's and `all` ignore case; `!` negates.
 */
function readFilters(filters: readonly JsonValue[]): (secret: Secret) => boolean {
  const parsed = filters.map((value) => {
    const filter = asObject(value, 'Filters')
    requireKnown('Filters', filter, ['Key', 'Values'])
    const values = optionalTexts(filter, 'Values') ?? []
    if (values.length < 1 || values.length > 10) {
      throw secretFaults.invalidParameter('Values of a filter must have between 1 and 10 items.')
    }
    return { matches: filterMatch(requiredText(filter, 'Key')), values }
  })
  return (secret) =>
    parsed.every(({ matches, values }) =>
      values.some((wanted) => (wanted.startsWith('!') ? !matches(secret, wanted.slice(1)) : matches(secret, wanted))),
    )
}

function filterMatch(key: string): (secret: Secret, wanted: string) => boolean {
  const begins = (facts: readonly string[], wanted: string) => facts.some((fact) => fact.startsWith(wanted))
  switch (key) {
    case 'name':
      return ({ name }, wanted) => begins([name], wanted)
    case 'description':
      return ({ description = '' }, wanted) => begins([description.toLowerCase()], wanted.toLowerCase())
    case 'tag-key':
      return ({ tags }, wanted) =>
        begins(
          tags.map((tag) => tag.Key),
          wanted,
        )
    case 'tag-value':
      return ({ tags }, wanted) =>
        begins(
          tags.map((tag) => tag.Value),
          wanted,
        )
    case 'all':
      return ({ name, description = '', tags }, wanted) => {
        const facts = [name, description, ...tags.flatMap((tag) => [tag.Key, tag.Value])].map((fact) =>
          fact.toLowerCase(),
        )
        return wanted
          .toLowerCase()
          .split(/[\s/_+=.@-]+/)
          .some((word) => word !== '' && facts.some((fact) => fact.includes(word)))
      }
    default:
      throw secretFaults.notImplemented(`the filter ${key}`)
  }
}
