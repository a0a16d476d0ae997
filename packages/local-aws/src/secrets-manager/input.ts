import type { JsonObject, JsonValue } from '@fairlead/core'
import { ServiceFault } from '../service.ts'

/** The errors of Secrets Manager, in its own words. */
export const secretFaults = {
  notFound: () => new ServiceFault('ResourceNotFoundException', "Secrets Manager can't find the specified secret."),
  noValue: (which: string) =>
    new ServiceFault('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for ${which}`),
  markedForDeletion: () =>
    new ServiceFault(
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    ),
  invalidParameter: (message: string) => new ServiceFault('InvalidParameterException', message),
  invalidRequest: (message: string) => new ServiceFault('InvalidRequestException', message),
  tokenInUse: (token: string, arn: string) =>
    new ServiceFault(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`,
    ),
  invalidNextToken: () => new ServiceFault('InvalidNextTokenException', 'The NextToken value is invalid.'),
  /** What AWS has and this server has not, said by name. */
  notImplemented: (what: string) =>
    new ServiceFault(
      'NotImplementedException',
      `local-aws does not implement ${what}, which would change what the request does`,
      501,
    ),
}

/** Refuses a member that the action does not read. */
export function requireKnown(action: string, input: JsonObject, known: readonly string[]): void {
  const unknown = Object.keys(input).find((name) => !known.includes(name) && input[name] !== null)
  if (unknown !== undefined) throw secretFaults.notImplemented(`the parameter ${unknown} of ${action}`)
}

function wrongType(name: string, expected: string): ServiceFault {
  return new ServiceFault('SerializationException', `${name} must be ${expected}`)
}

export function optionalText(input: JsonObject, name: string): string | undefined {
  const value = input[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrongType(name, 'a string')
  return value
}

export function requiredText(input: JsonObject, name: string): string {
  const value = optionalText(input, name)
  if (value === undefined || value === '') {
    throw secretFaults.invalidParameter(`You must provide a value for the ${name} parameter.`)
  }
  return value
}

export function optionalNumber(input: JsonObject, name: string): number | undefined {
  const value = input[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number') throw wrongType(name, 'a number')
  return value
}

export function optionalFlag(input: JsonObject, name: string): boolean {
  const value = input[name]
  if (value === undefined || value === null) return false
  if (typeof value !== 'boolean') throw wrongType(name, 'true or false')
  return value
}

export function optionalList(input: JsonObject, name: string): readonly JsonValue[] | undefined {
  const value = input[name]
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) throw wrongType(name, 'a list')
  return value as readonly JsonValue[]
}

export function optionalTexts(input: JsonObject, name: string): readonly string[] | undefined {
  return optionalList(input, name)?.map((value) => {
    if (typeof value !== 'string') throw wrongType(name, 'a list of strings')
    return value
  })
}

export function asObject(value: JsonValue, name: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(name, 'an object')
  return value as JsonObject
}
