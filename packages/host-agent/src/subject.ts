import { isAbsolute, normalize, parse } from 'node:path'
import { describeValue } from '@fairlead/core'
import { fileExistsBehaviors } from '@fairlead/appspec'
import { hostAgentErrors } from './errors.ts'
import type { Host, HostDeployment } from './model.ts'

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
export function requireDeployment(deployment: HostDeployment): void {
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
  for (const field of ['bucket', 'key'] as const) {
    if (!isEnvironmentText(revision?.[field])) refuse(`revision.${field}`, revision?.[field], 'text')
  }
  for (const field of ['versionId', 'eTag'] as const) {
    const value = revision[field]
    if (value !== undefined && !isEnvironmentText(value)) refuse(`revision.${field}`, value, 'text')
  }
  if (!['zip', 'tar', 'tgz'].includes(revision.bundleType)) {
    refuse('revision.bundleType', revision.bundleType, '"zip", "tar" or "tgz"')
  }
  if (fileExistsBehavior !== undefined && !fileExistsBehaviors.includes(fileExistsBehavior)) {
    refuse('fileExistsBehavior', fileExistsBehavior, fileExistsBehaviors.join(', '))
  }
  if (appSpecFilename !== undefined && (appSpecFilename === '' || appSpecFilename.split('/').includes('..'))) {
    refuse('appSpecFilename', appSpecFilename, 'a path within the bundle')
  }
}

function isEnvironmentText(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\0')
}
