import { randomUUID } from 'node:crypto'
import type { JsonObject } from '@fairlead/core'
import type { NamedCall } from '../faults/model.ts'
import { parseQuery, type HttpRequest, type HttpResponse } from '../http.ts'
import { refusal, type Caller, type Need } from '../permissions/access.ts'
import { ServiceFault, type JsonService } from '../service.ts'
import { sha256Hex } from '../sigv4/canonical.ts'
import { neededPermissions } from './needs.ts'
import { verifySignature, type Credentials, type SignatureProblem } from '../sigv4/verify.ts'

export interface JsonContext {
  readonly account: string
  readonly region: string
  readonly services: readonly JsonService[]
  readonly findCredentials: (accessKeyId: string) => Credentials | undefined
  /** Who a key that was verified belongs to. */
  readonly identify: (accessKeyId: string) => Caller
  readonly signingNowMs: () => number
  /** Aborts when the server closes. */
  readonly closing: AbortSignal
}

/** An answer and what is recorded of it. */
export interface JsonOutcome {
  readonly response: HttpResponse
  readonly service: string
  readonly action: string
  readonly permissions: readonly string[]
  readonly resource: string | undefined
}

/** Answers a request of the protocol awsJson1.1, whose action stands in `x-amz-target`. */
export async function answerJson(
  request: HttpRequest,
  target: string,
  body: Buffer,
  context: JsonContext,
): Promise<JsonOutcome> {
  const mark = target.lastIndexOf('.')
  const [prefix, action] = [target.slice(0, mark), target.slice(mark + 1)]
  const service = context.services.find(({ targetPrefix }) => targetPrefix === prefix)
  const name = service?.signingName ?? prefix
  let resource: string | undefined
  let permissions: readonly string[] = [`${name}:${action}`]
  const note = (need: Need) => {
    if (!permissions.includes(need.action)) permissions = [...permissions, need.action]
  }
  const respond = (response: HttpResponse): JsonOutcome => ({ response, service: name, action, permissions, resource })
  try {
    if (!service) throw new ServiceFault('NotImplementedException', `local-aws has no service ${prefix}`, 501)
    const caller = authenticate(request, body, service, context)
    const requireAccess = (need: Need) => {
      note(need)
      const reason = refusal(caller, need)
      if (reason !== undefined) throw new ServiceFault('AccessDeniedException', reason)
    }
    const input = parseInput(body)
    resource = namedResource(input)
    const { account, region } = context
    const needs = await neededPermissions({ service: name, action, input, account, region, services: context.services })
    needs.forEach(requireAccess)
    const output = await service.handle(action, input, {
      account,
      region,
      signal: AbortSignal.any([request.signal, context.closing]),
      requireAccess,
    })
    return respond(answer(200, output))
  } catch (error) {
    const fault =
      error instanceof ServiceFault
        ? error
        : new ServiceFault('InternalFailure', `local-aws failed: ${error instanceof Error ? error.name : 'Error'}`, 500)
    return respond(answer(fault.httpStatus, { __type: fault.name, message: fault.message, Message: fault.message }))
  }
}

/** The call that a request names, before anything is verified. */
export function namedJsonCall(target: string, body: Buffer): NamedCall {
  const mark = target.lastIndexOf('.')
  const prefix = target.slice(0, mark)
  const service = prefix === 'CodeDeploy_20141006' ? 'codedeploy' : prefix
  return { service, action: target.slice(mark + 1), resource: nameIn(body) }
}

function nameIn(body: Buffer): string | undefined {
  try {
    return namedResource(parseInput(body))
  } catch {
    return undefined
  }
}

function answer(status: number, output: JsonObject): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() },
    body: JSON.stringify(output),
  }
}

function authenticate(request: HttpRequest, body: Buffer, service: JsonService, context: JsonContext): Caller {
  const verdict = verifySignature(
    { ...request, query: parseQuery(request.rawQuery) },
    {
      service: service.signingName,
      regions: [context.region],
      // Neither version of the CLI sends x-amz-content-sha256 to these services.
      payloadHash: sha256Hex(body),
      findCredentials: context.findCredentials,
      nowMs: context.signingNowMs(),
    },
  )
  if (!verdict.ok) throw describeProblem(verdict.problem, verdict.detail)
  return context.identify(verdict.credentials.accessKeyId)
}

function describeProblem(problem: SignatureProblem, detail: string): ServiceFault {
  switch (problem) {
    case 'unsigned':
      return new ServiceFault('MissingAuthenticationTokenException', 'Missing Authentication Token')
    case 'malformed':
      return new ServiceFault('IncompleteSignatureException', detail)
    case 'unknown-key':
    case 'wrong-token':
      return new ServiceFault('UnrecognizedClientException', 'The security token included in the request is invalid.')
    case 'skewed':
    case 'expired':
      return new ServiceFault('InvalidSignatureException', `Signature expired: ${detail}`)
    case 'wrong-scope':
    case 'header-not-signed':
      return new ServiceFault('InvalidSignatureException', `Credential should be scoped correctly: ${detail}`)
    case 'mismatch':
      return new ServiceFault(
        'InvalidSignatureException',
        'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
      )
  }
}

function parseInput(body: Buffer): JsonObject {
  // The parser's message quotes the text, which may be a secret.
  const refusal = new ServiceFault('SerializationException', 'The body is not a JSON object.')
  let input: unknown
  try {
    input = body.length === 0 ? {} : JSON.parse(body.toString('utf8'))
  } catch {
    throw refusal
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw refusal
  return input as JsonObject
}

/** What the input names, for the record of calls: names and ids only, never a value. */
function namedResource(input: JsonObject): string | undefined {
  const names = ['SecretId', 'Name', 'deploymentId', 'applicationName'].flatMap((name) => {
    const value = input[name]
    return typeof value === 'string' ? [value] : []
  })
  const group = input['deploymentGroupName']
  const [first] = names
  return first !== undefined && typeof group === 'string' ? `${first}/${group}` : first
}
