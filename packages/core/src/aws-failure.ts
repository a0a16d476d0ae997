import { coreErrors } from './core-errors.ts'
import type { DeployError } from './errors.ts'

/** What a port knows of the call that failed. */
export interface AwsCall {
  /** The IAM action, for example `s3:PutObject`: a refusal names it. */
  readonly action: string
  /** What it was done to: an ARN or a name. */
  readonly resource: string
  readonly signal?: AbortSignal | undefined
  /**
   * Leaves the service's and the SDK's words out of the error, and the original out of its causes. For calls whose
   * answers hold secrets: a parser of the SDK quotes the text that it could not read.
   */
  readonly withhold?: boolean
}

interface SdkError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
  readonly $retryable?: { readonly throttling?: boolean }
  readonly errors?: readonly SdkError[]
  readonly cause?: unknown
  readonly address?: string
  readonly port?: number
}

const deniedNames = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'Forbidden', '403'])
const credentialNames = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
])
const throttleNames = new Set([
  'LimitExceededException',
  'RequestLimitExceeded',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
])
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'TimeoutError',
])

/**
 * Wraps what the AWS SDK threw into the one form of errors; a port calls it once for each call it makes, after it has
 * looked for the names that mean something to it. A cancelled call answers `signal.reason` itself.
 */
export function describeAwsFailure(error: unknown, call: AwsCall): DeployError | Error {
  if (call.signal?.aborted) return call.signal.reason as Error
  const failure = error as SdkError
  const { action, resource } = call
  const name = failure?.name ?? 'Error'
  const httpStatus = failure?.$metadata?.httpStatusCode
  const requestId = failure?.$metadata?.requestId
  const options = call.withhold ? {} : { cause: error }
  const network = networkFailure(failure)
  // A provider of credentials that found nothing may have a network error as its cause: its name comes first.
  if (credentialNames.has(name)) return coreErrors.AWS_CREDENTIALS_MISSING({ action, name }, options)
  if (network) return coreErrors.AWS_UNREACHABLE({ action, ...network }, options)
  if (deniedNames.has(name) || httpStatus === 403)
    return coreErrors.AWS_ACCESS_DENIED({ action, resource, requestId }, options)
  if (throttleNames.has(name) || failure?.$retryable?.throttling) {
    return coreErrors.AWS_THROTTLED({ action, name, requestId }, options)
  }
  const detail = call.withhold ? undefined : failure?.message
  return coreErrors.AWS_REQUEST_FAILED({ action, resource, name, detail, httpStatus, requestId }, options)
}

function networkFailure(failure: SdkError | undefined): { endpoint: string; reason: string } | undefined {
  // Node tries each address of a name and reports them together.
  const candidates = [failure, failure?.cause as SdkError | undefined, ...(failure?.errors ?? [])]
  for (const candidate of candidates) {
    const reason = [candidate?.code, candidate?.name].find((word) => word !== undefined && networkCodes.has(word))
    if (candidate && reason) {
      const endpoint = candidate.address
        ? `${candidate.address}${candidate.port ? `:${candidate.port}` : ''}`
        : 'the endpoint'
      return { endpoint, reason }
    }
  }
  return undefined
}
