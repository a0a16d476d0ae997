import { coreErrors } from '@fairlead/core'
import { maxSecretIdLength } from '../limits.ts'
import type { SecretRequest, SecretSource } from '../model.ts'

/** Whether a value says of itself that it is a source, and not a map from variables to sources. */
export function isSource(value: unknown): value is SecretSource {
  return typeof value === 'object' && value !== null && (value as SecretSource).schema === 'fairlead/secret-source/1'
}

/**
 * Checks a source. What was given is described by its kind alone: where a source belongs, people have put the secret itself.
 *
 * @throws INVALID_OPTION
 */
export function readSource(verb: string, option: string, value: unknown): SecretSource {
  const refuse = (field: string, given: unknown, expected: string): never => {
    throw coreErrors.INVALID_OPTION({ verb, option: field, given: kindOf(given), expected })
  }
  if (!isSource(value)) return refuse(option, value, 'a source made by secret()')
  const text = (field: 'name' | 'key' | 'versionId' | 'versionStage' | 'default', mayBeEmpty: boolean) => {
    const given = value[field]
    return typeof given === 'string' && (mayBeEmpty || given !== '')
      ? given
      : refuse(field === option ? field : `${option}.${field}`, given, mayBeEmpty ? 'text' : 'text that is not empty')
  }
  const name = text('name', false)
  if (name.length > maxSecretIdLength) {
    return refuse(option, name, `the name or ARN of a secret, at most ${maxSecretIdLength} characters`)
  }
  return {
    schema: 'fairlead/secret-source/1',
    name,
    ...(value.key === undefined ? {} : { key: text('key', true) }),
    ...(value.versionId === undefined ? {} : { versionId: text('versionId', false) }),
    ...(value.versionStage === undefined ? {} : { versionStage: text('versionStage', false) }),
    ...(value.default === undefined ? {} : { default: text('default', true) }),
  }
}

/** What a value is, in words that say nothing of its content. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (value === '') return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'text'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** The secret that a source is a part of. `AWSCURRENT` is what is read without a stage. */
export function requestOf({ name, versionId, versionStage }: SecretSource): SecretRequest {
  return {
    name,
    ...(versionId === undefined ? {} : { versionId }),
    ...(versionStage === undefined || versionStage === 'AWSCURRENT' ? {} : { versionStage }),
  }
}

/** The same for two requests that get the same answer. */
export function requestKey({ name, versionId, versionStage }: SecretRequest): string {
  return JSON.stringify([name, versionId ?? '', versionStage ?? ''])
}

/** Whether a request names a version, which a batch cannot do. */
export function isPinned({ versionId, versionStage }: SecretRequest): boolean {
  return versionId !== undefined || versionStage !== undefined
}

/** Of a request, what was asked for beside the name. */
export function versionWanted({ versionId, versionStage }: SecretRequest): string | undefined {
  return versionId ?? versionStage
}
