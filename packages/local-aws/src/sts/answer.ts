import { randomUUID } from 'node:crypto'
import { parseQuery, type HttpRequest, type HttpResponse } from '../http.ts'
import { writeXml } from '../s3/xml.ts'
import { verifySignature, type Credentials, type SignatureProblem } from '../sigv4/verify.ts'
import { sha256Hex } from '../sigv4/canonical.ts'

const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/'

/** Who a key belongs to. */
export interface Identity {
  readonly arn: string
  readonly userId: string
}

export interface StsContext {
  readonly account: string
  readonly region: string
  readonly findCredentials: (accessKeyId: string) => Credentials | undefined
  readonly identify: (accessKeyId: string) => Identity
  readonly signingNowMs: () => number
}

/** Answers the query protocol of STS: GetCallerIdentity. */
export function answerSts(
  request: HttpRequest,
  body: Buffer,
  context: StsContext,
): { readonly response: HttpResponse; readonly action: string } {
  const requestId = randomUUID()
  const answer = (status: number, xml: string): HttpResponse => ({
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: xml,
  })
  const refuse = (code: string, message: string, status: number) =>
    answer(
      status,
      writeXml(
        'ErrorResponse',
        [
          [
            'Error',
            [
              ['Type', status < 500 ? 'Sender' : 'Receiver'],
              ['Code', code],
              ['Message', message],
            ],
          ],
          ['RequestId', requestId],
        ],
        namespace,
      ),
    )
  const form = new URLSearchParams(body.toString('utf8'))
  const action = form.get('Action') ?? 'Unknown'
  const verdict = verifySignature(
    { ...request, query: parseQuery(request.rawQuery) },
    {
      service: 'sts',
      // The global endpoint signs for us-east-1 wherever the caller is.
      regions: [context.region, 'us-east-1'],
      payloadHash: sha256Hex(body),
      findCredentials: context.findCredentials,
      nowMs: context.signingNowMs(),
    },
  )
  if (!verdict.ok) {
    const [code, message, status] = describeProblem(verdict.problem, verdict.detail)
    return { action, response: refuse(code, message, status) }
  }
  if (action !== 'GetCallerIdentity') {
    return { action, response: refuse('NotImplemented', `local-aws does not implement sts:${action}`, 501) }
  }
  const identity = context.identify(verdict.credentials.accessKeyId)
  const xml = writeXml(
    'GetCallerIdentityResponse',
    [
      [
        'GetCallerIdentityResult',
        [
          ['Arn', identity.arn],
          ['UserId', identity.userId],
          ['Account', context.account],
        ],
      ],
      ['ResponseMetadata', [['RequestId', requestId]]],
    ],
    namespace,
  )
  return { action, response: answer(200, xml) }
}

function describeProblem(problem: SignatureProblem, detail: string): readonly [string, string, number] {
  switch (problem) {
    case 'unsigned':
      return ['MissingAuthenticationToken', 'Request is missing Authentication Token', 403]
    case 'malformed':
      return ['IncompleteSignature', detail, 400]
    case 'unknown-key':
    case 'wrong-token':
      return ['InvalidClientTokenId', 'The security token included in the request is invalid.', 403]
    case 'skewed':
    case 'expired':
      return ['SignatureDoesNotMatch', `Signature expired: ${detail}`, 403]
    case 'wrong-scope':
    case 'header-not-signed':
      return ['SignatureDoesNotMatch', `Credential should be scoped correctly: ${detail}`, 403]
    case 'mismatch':
      return [
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
        403,
      ]
  }
}
