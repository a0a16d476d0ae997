import { isAbsolute, normalize, parse } from 'node:path'
import { describeValue } from '@fairlead/core'
import { fileExistsBehaviors } from '@fairlead/appspec'
import { hostAgentErrors } from './errors.ts'
import type { AgentDeployment, AgentRevision, Host } from './model.ts'

/** @throws HOST_INVALID */
export function requireHost(host: Host): void {
  const refuse = (field: string, value: unknown, expected: string): never => {
    throw hostAgentErrors.HOST_INVALID({ field, given: describeValue(value), expected })
  }
  if (typeof host?.name !== 'string' || host.name === '') refuse('name', host?.name, 'text that is not empty')
  const { folder, environment = {}, maxRevisions = 1, profile = 'official-2' } = host
  if (typeof folder !== 'string' || !isAbsolute(folder) || normalize(folder) !== folder || folder.includes('\0')) {
    refuse('folder', folder, 'an absolute path without dots or a slash at its end')
  }
  if (folder === parse(folder).root) refuse('folder', folder, 'a folder of its own, not the whole machine')
  for (const [key, value] of Object.entries(environment)) {
    // Values may be secret: only the name is told.
    if (typeof value !== 'string' || value.includes('\0')) refuse(`environment.${key}`, 'a value', 'text without NUL')
    if (key === '' || /[=\0]/.test(key)) refuse('environment', key, 'names without =')
  }
  if (!Number.isSafeInteger(maxRevisions) || maxRevisions < 1)
    refuse('maxRevisions', maxRevisions, 'a whole number above zero')
  if (profile !== 'official-1.8' && profile !== 'official-2') {
    refuse('profile', profile, '"official-1.8" or "official-2"')
  }
}

/** @throws HOST_DEPLOYMENT_INVALID */
export function requireDeployment(deployment: AgentDeployment): void {
  const refuse = (field: string, value: unknown, expected: string): never => {
    throw hostAgentErrors.HOST_DEPLOYMENT_INVALID({ field, given: describeValue(value), expected })
  }
  for (const field of ['deploymentId', 'deploymentGroupId'] as const) {
    const value = deployment?.[field]
    // They become names of folders.
    if (typeof value !== 'string' || !/^[\w.-]+$/.test(value) || /^\.+$/.test(value)) {
      refuse(field, value, 'letters, digits, dots, dashes and underscores')
    }
  }
  for (const field of ['deploymentGroupName', 'applicationName'] as const) {
    if (!isEnvironmentText(deployment[field])) refuse(field, deployment[field], 'text')
  }
  const { revision, fileExistsBehavior, appSpecFilename } = deployment
  requireRevision(revision, refuse)
  if (fileExistsBehavior !== undefined && !fileExistsBehaviors.some((behavior) => behavior === fileExistsBehavior)) {
    refuse('fileExistsBehavior', fileExistsBehavior, fileExistsBehaviors.join(', '))
  }
  if (appSpecFilename !== undefined && (appSpecFilename === '' || appSpecFilename.split('/').includes('..'))) {
    refuse('appSpecFilename', appSpecFilename, 'a path within the bundle')
  }
}

type Refuse = (field: string, value: unknown, expected: string) => never

function requireRevision(revision: AgentRevision, refuse: Refuse): void {
  switch (revision?.type) {
    case 'Local':
      if (typeof revision.location !== 'string' || !isAbsolute(revision.location) || revision.location.includes('\0')) {
        refuse('revision.location', revision.location, 'an absolute path')
      }
      return requireOneOf(['zip', 'tar', 'tgz', 'directory'], revision.bundleType, refuse)
    case 'GitHub':
      for (const field of ['repository', 'commitId'] as const) {
        if (!isEnvironmentText(revision[field])) refuse(`revision.${field}`, revision[field], 'text')
      }
      return revision.bundleType === undefined ? undefined : requireOneOf(['zip', 'tar'], revision.bundleType, refuse)
    case 'S3':
    case undefined:
      for (const field of ['bucket', 'key'] as const) {
        if (!isEnvironmentText(revision?.[field])) refuse(`revision.${field}`, revision?.[field], 'text')
      }
      for (const field of ['versionId', 'eTag'] as const) {
        const value = revision[field]
        if (value !== undefined && !isEnvironmentText(value)) refuse(`revision.${field}`, value, 'text')
      }
      return requireOneOf(['zip', 'tar', 'tgz'], revision.bundleType, refuse)
    default:
      refuse('revision.type', (revision as { readonly type: unknown }).type, '"S3", "GitHub" or "Local"')
  }
}

function requireOneOf(types: readonly string[], given: unknown, refuse: Refuse): void {
  if (typeof given === 'string' && types.includes(given)) return
  refuse('revision.bundleType', given, types.map((type) => JSON.stringify(type)).join(', '))
}

function isEnvironmentText(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\0')
}
