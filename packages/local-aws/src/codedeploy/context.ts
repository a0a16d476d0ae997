import type { JsonObject } from '@fairlead/core'
import * as faults from './faults.ts'
import { readText } from './input.ts'
import { pageSize } from './limits.ts'
import type { Application, CodeDeployState, Deployment, DeploymentConfig, DeploymentGroup } from './model.ts'
import { pageOf, type Page } from './plan/page.ts'
import type { Fleet } from './plan/select-hosts.ts'
import type { Place } from './wire.ts'

/** Where a revision's bytes are, as the caller named it. */
export interface RevisionLocation {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string | undefined
  readonly eTag?: string | undefined
}

/**
 * Opens the bytes of a revision, the newest version unless one is named; it does not compare `eTag`. Where the bucket,
 * the key or the version does not exist it rejects with an error whose `name` or `code` is one of S3's: NoSuchBucket,
 * NoSuchKey, NoSuchVersion, or MethodNotAllowed (a delete marker).
 */
export type FetchRevision = (
  location: RevisionLocation,
  options: { readonly signal?: AbortSignal | undefined },
) => Promise<{ readonly eTag: string | undefined; readonly body: AsyncIterable<Uint8Array> }>

/** What an action may look at and change. */
export interface ActionContext {
  readonly place: Place
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly state: () => CodeDeployState
  readonly change: (change: (state: CodeDeployState) => CodeDeployState) => void
  readonly newId: () => string
  readonly newDeploymentId: () => string
  /** Ten letters and digits. */
  readonly newSuffix: () => string
  /** What filters of tags can find. */
  readonly fleet: () => Fleet
  readonly fetchRevision: FetchRevision
  /** Adds the deployment and lets it run behind the caller's back. */
  readonly start: (deployment: Deployment) => void
  /** Aborts when the caller hangs up or the service closes. */
  readonly signal: AbortSignal
}

/** Answers a call, or throws a fault. */
export type Action = (input: JsonObject, context: ActionContext) => JsonObject | Promise<JsonObject>

export function findApplication({ state }: ActionContext, name: string): Application {
  const application = state().applications.find((candidate) => candidate.name === name)
  if (!application) throw faults.applicationDoesNotExist(name)
  return application
}

export function findGroup(context: ActionContext, applicationName: string, name: string): DeploymentGroup {
  findApplication(context, applicationName)
  const group = context
    .state()
    .groups.find((candidate) => candidate.applicationName === applicationName && candidate.name === name)
  if (!group) throw faults.deploymentGroupDoesNotExist(name)
  return group
}

export function findConfig({ state }: ActionContext, name: string): DeploymentConfig {
  const config = state().configs.find((candidate) => candidate.name === name)
  if (!config) throw faults.deploymentConfigDoesNotExist(name)
  return config
}

export function findDeployment({ state }: ActionContext, id: string): Deployment {
  const deployment = state().deployments.find((candidate) => candidate.deploymentId === id)
  if (!deployment) throw faults.deploymentDoesNotExist(id)
  return deployment
}

/** The page that `nextToken` asks for. */
export function readPage(input: JsonObject, items: readonly string[]): Page {
  const page = pageOf(items, readText(input, 'nextToken'), pageSize)
  if (!page) throw faults.invalidNextToken()
  return page
}
