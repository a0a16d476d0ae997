import { randomBytes } from 'node:crypto'
import type { NamedCall } from '../faults/model.ts'
import { parseQuery, SlowBodyError, type HttpRequest, type HttpResponse } from '../http.ts'
import { verifySignature, type Credentials, type SignatureProblem } from '../sigv4/verify.ts'
import { refusal, type Caller, type Need } from '../permissions/access.ts'
import { parseBucketPolicy } from './bucket-policy.ts'
import { openBody, readPayloadForm, signatureDoesNotMatch } from './body.ts'
import type { S3Answer, S3Call } from './call.ts'
import { S3Fault, s3Faults } from './fault.ts'
import { findOperation, findUnsupported, type S3Operation } from './operations.ts'
import type { S3State } from './state.ts'
import { writePlainXml } from './xml.ts'

export interface S3Context {
  readonly state: S3State
  readonly account: string
  readonly region: string
  readonly findCredentials: (accessKeyId: string) => Credentials | undefined
  /** Who a key that was verified belongs to. */
  readonly identify: (accessKeyId: string) => Caller
  /** The real time, which signatures are held to. */
  readonly signingNowMs: () => number
}

/** An answer and what is recorded of it. */
export interface S3Outcome {
  readonly response: HttpResponse
  readonly action: string
  readonly permissions: readonly string[]
  readonly resource: string | undefined
}

/** Answers a request to S3; what fails is answered too. */
export async function answerS3(request: HttpRequest, context: S3Context): Promise<S3Outcome> {
  const requestId = randomBytes(8).toString('hex').toUpperCase()
  let recorded: Omit<S3Outcome, 'response'> = { action: 'Unknown', permissions: [], resource: undefined }
  const note = ({ action }: Need) => {
    if (!recorded.permissions.includes(action)) {
      recorded = { ...recorded, permissions: [...recorded.permissions, action] }
    }
  }
  const finish = (answer: S3Answer): HttpResponse => ({
    status: answer.status,
    headers: {
      'x-amz-request-id': requestId,
      'x-amz-id-2': Buffer.from(requestId).toString('base64'),
      server: 'local-aws',
      ...answer.headers,
    },
    body: request.method === 'HEAD' && typeof answer.body === 'string' ? undefined : answer.body,
  })
  try {
    const parsed = parseTarget(request)
    const operation = findOperation(parsed)
    recorded = describeCall(parsed, operation)
    const call = authenticate(request, parsed, context, { operation, note })
    if (!operation) throw s3Faults.notImplemented(`${request.method} of ${describeLevel(parsed.level)}`)
    const unsupported = findUnsupported(operation, call.query, call.headerNames)
    if (unsupported !== undefined) {
      recorded = { ...recorded, permissions: [] }
      throw s3Faults.notImplemented(unsupported)
    }
    if (!operation.asksForEach) operation.needs(parsed).forEach(call.requireAccess)
    requireOwner(call, 'x-amz-expected-bucket-owner')
    requireOwner(call, 'x-amz-source-expected-bucket-owner')
    return { ...recorded, response: finish(await operation.run(call)) }
  } catch (error) {
    const fault = error instanceof S3Fault ? error : internalError(error)
    return { ...recorded, response: finish(describeFault(fault, request, requestId)) }
  }
}

/** The call that a request names, before anything is verified. */
export function namedS3Call(request: HttpRequest): NamedCall {
  try {
    const target = parseTarget(request)
    const { action, resource } = describeCall(target, findOperation(target))
    return { service: 's3', action, resource }
  } catch (error) {
    if (!(error instanceof S3Fault)) throw error
    return { service: 's3', action: 'Unknown', resource: undefined }
  }
}

interface Target {
  readonly method: string
  readonly level: S3Operation['level']
  readonly bucketName: string
  readonly key: string
  readonly pairs: readonly (readonly [string, string])[]
  readonly query: ReadonlyMap<string, string>
  readonly headers: ReadonlyMap<string, string>
  readonly headerNames: readonly string[]
}

function parseTarget(request: HttpRequest): Target {
  try {
    const path = decodeURIComponent(request.rawPath.replace(/^\//, ''))
    // `bucket.localhost`: the bucket stands in the host, the path is the key.
    const hosted = /^(.+)\.localhost$/.exec(request.host)?.[1]
    const mark = path.indexOf('/')
    const [bucketName, key] =
      hosted !== undefined ? [hosted, path] : mark < 0 ? [path, ''] : [path.slice(0, mark), path.slice(mark + 1)]
    const pairs = parseQuery(request.rawQuery)
    const query = new Map(pairs)
    const headers = new Map([...request.headers].map(([name, values]) => [name, values.join(',')]))
    if (query.has('X-Amz-Signature')) {
      // A presigned URL carries in its query what a signed request carries in headers.
      for (const [name, value] of query) {
        const lower = name.toLowerCase()
        if (lower.startsWith('x-amz-') && !signatureParameters.has(lower) && !headers.has(lower))
          headers.set(lower, value)
      }
    }
    const level = bucketName === '' ? 'account' : key === '' ? 'bucket' : 'object'
    return { method: request.method, level, bucketName, key, pairs, query, headers, headerNames: [...headers.keys()] }
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    throw new S3Fault('InvalidURI', "Couldn't parse the specified URI.", 400)
  }
}

const signatureParameters = new Set([
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
])

/** What authorisation has to know of the request, and where it notes what was asked for. */
interface Authorising {
  readonly operation: S3Operation | undefined
  readonly note: (need: Need) => void
}

function authenticate(
  request: HttpRequest,
  target: Target,
  context: S3Context,
  { operation, note }: Authorising,
): S3Call {
  if (target.query.has('AWSAccessKeyId') || target.headers.get('authorization')?.startsWith('AWS ')) {
    throw s3Faults.invalidRequest(
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    )
  }
  const presigned = target.query.has('X-Amz-Signature')
  const payload = target.headers.get('x-amz-content-sha256') ?? (presigned ? 'UNSIGNED-PAYLOAD' : undefined)
  const verdict = verifySignature(
    { method: request.method, rawPath: request.rawPath, query: target.pairs, headers: request.headers },
    {
      service: 's3',
      regions: [context.region],
      payloadHash: payload ?? '',
      findCredentials: context.findCredentials,
      nowMs: context.signingNowMs(),
    },
  )
  if (!verdict.ok) throw describeProblem(verdict.problem, verdict.detail, presigned)
  if (payload === undefined) {
    throw s3Faults.invalidRequest('Missing required header for this request: x-amz-content-sha256')
  }
  const opened = openBody(request, readPayloadForm(payload), { key: verdict.signingKey, claim: verdict.claim })
  const { state, account, region } = context
  const caller = context.identify(verdict.credentials.accessKeyId)
  const facts = conditionFacts(target, { caller, account, operation, presigned })
  const refusalOf = (need: Need) => {
    // The policy that counts is that of the bucket that the need is about: a copy reads from another one.
    const named = /^arn:aws:s3:::([^/]+)/.exec(need.resource)?.[1] ?? ''
    const policy = state.buckets.get(named)?.policy
    const statements = policy === undefined ? [] : parseBucketPolicy(policy, named)
    return refusal(caller, need, { statements, request: { principalArn: caller.arn, account, facts } })
  }
  const requireAccess = (need: Need) => {
    note(need)
    const reason = refusalOf(need)
    if (reason !== undefined) throw s3Faults.accessDenied(reason)
  }
  const { bucketName, key, query, headers, headerNames } = target
  return {
    state,
    account,
    region,
    bucketName,
    key,
    query,
    headerNames,
    header: (name) => headers.get(name),
    requireAccess,
    mayAccess: (need) => refusalOf(need) === undefined,
    ...opened,
  }
}

function describeProblem(problem: SignatureProblem, detail: string, presigned: boolean): S3Fault {
  switch (problem) {
    case 'unsigned':
      return s3Faults.accessDenied()
    case 'malformed':
      return presigned
        ? new S3Fault('AuthorizationQueryParametersError', detail, 400)
        : new S3Fault('AuthorizationHeaderMalformed', `The authorization header is malformed; ${detail}`, 400)
    case 'wrong-scope':
      return presigned
        ? new S3Fault(
            'AuthorizationQueryParametersError',
            `Error parsing the X-Amz-Credential parameter; ${detail}`,
            400,
          )
        : new S3Fault('AuthorizationHeaderMalformed', `The authorization header is malformed; ${detail}`, 400)
    case 'unknown-key':
      return new S3Fault(
        'InvalidAccessKeyId',
        'The AWS Access Key Id you provided does not exist in our records.',
        403,
        {
          AWSAccessKeyId: detail,
        },
      )
    case 'wrong-token':
      return new S3Fault('InvalidToken', 'The provided token is malformed or otherwise invalid.', 400)
    case 'skewed':
      return new S3Fault(
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
        403,
        { RequestTime: detail },
      )
    case 'expired':
      return s3Faults.accessDenied(detail)
    case 'header-not-signed':
      return s3Faults.accessDenied('There were headers present in the request which were not signed', {
        HeadersNotSigned: detail,
      })
    case 'mismatch':
      return signatureDoesNotMatch()
  }
}

/**
 * The condition keys of a request, in lower case. Whether it came by TLS is answered with yes: loopback stands for AWS's
 * own endpoint, and a policy that denies the plain one is not what a test is about.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
function conditionFacts(
  { query, headers }: Target,
  {
    caller,
    account,
    operation,
    presigned,
  }: {
    readonly caller: Caller
    readonly account: string
    readonly operation: S3Operation | undefined
    readonly presigned: boolean
  },
): ReadonlyMap<string, string> {
  const facts = new Map([
    ['aws:principalaccount', account],
    ['aws:principalarn', caller.arn],
    ['aws:securetransport', 'true'],
    ['aws:username', caller.arn.slice(caller.arn.lastIndexOf('/') + 1)],
    ['s3:authtype', presigned ? 'REST-QUERY-STRING' : 'REST-HEADER'],
    ['s3:signatureversion', 'AWS4-HMAC-SHA256'],
  ])
  for (const [name, value] of headers) {
    if (name.startsWith('x-amz-') || name === 'if-match' || name === 'if-none-match') facts.set(`s3:${name}`, value)
  }
  for (const name of ['prefix', 'delimiter', 'max-keys']) {
    const value = query.get(name)
    if (value !== undefined) facts.set(`s3:${name}`, value)
  }
  const versionId = query.get('versionId')
  if (versionId !== undefined) facts.set('s3:versionid', versionId)
  const creates = operation && creations[operation.name]
  if (creates !== undefined) facts.set('s3:objectcreationoperation', String(creates))
  return facts
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html: which of these make an object. */
const creations: Readonly<Record<string, boolean>> = {
  PutObject: true,
  CopyObject: true,
  CompleteMultipartUpload: true,
  CreateMultipartUpload: false,
  UploadPart: false,
  UploadPartCopy: false,
}

function requireOwner(call: S3Call, name: string): void {
  const owner = call.header(name)
  if (owner !== undefined && owner !== call.account) throw s3Faults.accessDenied()
}

function describeCall(target: Target, operation: S3Operation | undefined): Omit<S3Outcome, 'response'> {
  const { bucketName, key, level } = target
  return {
    action: operation?.name ?? `${target.method} ${level}`,
    permissions: [...new Set(operation?.needs(target).map(({ action }) => action))],
    resource: level === 'account' ? undefined : `arn:aws:s3:::${bucketName}${key === '' ? '' : `/${key}`}`,
  }
}

function describeLevel(level: S3Operation['level']): string {
  return level === 'account' ? 'the service itself' : level === 'bucket' ? 'a bucket' : 'an object'
}

function internalError(error: unknown): S3Fault {
  if (error instanceof SlowBodyError) {
    return new S3Fault(
      'RequestTimeout',
      'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
      400,
    )
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new S3Fault('InternalError', `local-aws failed: ${reason}`, 500)
}

function describeFault(fault: S3Fault, request: HttpRequest, requestId: string): S3Answer {
  return {
    status: fault.httpStatus,
    headers: { ...fault.headers, 'content-type': 'application/xml' },
    body: writePlainXml('Error', [
      ['Code', fault.code],
      ['Message', fault.message],
      ...Object.entries(fault.details),
      ['Resource', request.rawPath],
      ['RequestId', requestId],
      ['HostId', Buffer.from(requestId).toString('base64')],
    ]),
  }
}
