import { timestamp, type Clock } from '@fairlead/core'
import { namedJsonCall, type answerJson } from './aws-json/answer.ts'
import type { Fault, NamedCall } from './faults/model.ts'
import { answerInstead, spoil } from './faults/spoil.ts'
import { emptyBody, readSmallBody, type Body } from './body.ts'
import { header, isWellFormed, type HttpRequest, type HttpResponse } from './http.ts'
import { jsonLimitBytes } from './limits.ts'
import type { RecordedCall } from './model.ts'
import { namedS3Call, type answerS3 } from './s3/answer.ts'
import type { answerSts } from './sts/answer.ts'

export interface Dispatch {
  readonly clock: Clock
  readonly record: (call: RecordedCall) => void
  /** The fault that a call meets, if one was ordered for it. */
  readonly nextFault: (call: NamedCall) => Fault | undefined
  readonly s3: (request: HttpRequest) => ReturnType<typeof answerS3>
  readonly json: (request: HttpRequest, target: string, body: Buffer) => ReturnType<typeof answerJson>
  readonly sts: (request: HttpRequest, body: Buffer) => ReturnType<typeof answerSts>
}

type Facts = Omit<RecordedCall, 'at' | 'status' | 'fault'>

interface Answered {
  readonly response: HttpResponse
  readonly facts: Facts
}

/** What a protocol makes of a request: the call that it names, and how it is answered. */
interface Route {
  readonly call: NamedCall
  readonly answer: () => Promise<Answered>
  /** Of the request, or what was read of it already. */
  readonly body: Body
}

/** One endpoint for all services: each protocol is known by its headers, and S3 is what is left. */
export function dispatcher(dispatch: Dispatch): (request: HttpRequest) => Promise<HttpResponse> {
  return async (request) => {
    const { call, answer, body } = await route(request, dispatch)
    const fault = dispatch.nextFault(call)
    if (fault?.kind === 'delayed') await dispatch.clock.sleep(fault.delayMs, request.signal)
    const instead = fault && (await answerInstead(fault, call, { body }))
    const answered = instead ? { response: instead, facts: { ...call, permissions: [] } } : await answer()
    const response = fault && !instead ? spoil(fault, answered.response) : answered.response
    const { service, action, permissions, resource } = answered.facts
    dispatch.record({
      service,
      action,
      permissions,
      ...(resource === undefined ? {} : { resource }),
      at: timestamp(dispatch.clock),
      status: response.status,
      ...(fault ? { fault: fault.kind } : {}),
    })
    return response
  }
}

async function route(request: HttpRequest, { s3, json, sts }: Dispatch): Promise<Route> {
  const target = header(request, 'x-amz-target')
  const isForm = (header(request, 'content-type') ?? '').startsWith('application/x-www-form-urlencoded')
  const isSts = isForm && request.method === 'POST' && request.rawPath === '/'
  if (target === undefined && !isSts) {
    return {
      call: namedS3Call(request),
      body: request.body,
      answer: async () => {
        const { response, ...facts } = await s3(request)
        return { response, facts: { service: 's3', ...facts } }
      },
    }
  }
  const body = isWellFormed(request)
    ? await readSmallBody(request.body, jsonLimitBytes).catch(() => undefined)
    : undefined
  if (body === undefined) {
    const call = {
      service: target === undefined ? 'sts' : (target.split('.')[0] ?? ''),
      action: 'Unknown',
      resource: undefined,
    }
    return {
      call,
      body: emptyBody,
      answer: async () => ({ response: unreadable, facts: { ...call, permissions: [] } }),
    }
  }
  if (target !== undefined) {
    return {
      call: namedJsonCall(target, body),
      body: emptyBody,
      answer: async () => {
        const { response, ...facts } = await json(request, target, body)
        return { response, facts }
      },
    }
  }
  const action = new URLSearchParams(body.toString('utf8')).get('Action') ?? 'Unknown'
  return {
    call: { service: 'sts', action, resource: undefined },
    body: emptyBody,
    answer: async () => {
      const { response } = sts(request, body)
      return { response, facts: { service: 'sts', action, permissions: [`sts:${action}`] } }
    },
  }
}

/** A target that is not percent-encoded, a body that is cut or far larger than any action's. */
const unreadable: HttpResponse = {
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify({ __type: 'SerializationException', message: 'The request cannot be read.' }),
}
