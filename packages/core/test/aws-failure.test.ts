import { describe, expect, test } from 'vitest'
import { describeAwsFailure } from '../src/aws-failure.ts'

const call = { action: 's3:PutObject', resource: 'arn:aws:s3:::artifacts/shop' }

function sdkError(name: string, facts: object = {}): Error {
  return Object.assign(new Error(`words of ${name}`), { name, ...facts })
}

describe('what the SDK threw', () => {
  test.each([
    ['a refusal by name', sdkError('AccessDenied'), 'AWS_ACCESS_DENIED'],
    ['a refusal by status alone', sdkError('Unknown', { $metadata: { httpStatusCode: 403 } }), 'AWS_ACCESS_DENIED'],
    ['no credentials', sdkError('CredentialsProviderError'), 'AWS_CREDENTIALS_MISSING'],
    [
      'no credentials because their provider is out of reach',
      sdkError('CredentialsProviderError', { code: 'ECONNREFUSED' }),
      'AWS_CREDENTIALS_MISSING',
    ],
    ['a session that ended', sdkError('ExpiredTokenException'), 'AWS_CREDENTIALS_MISSING'],
    ['a closed port', sdkError('Error', { code: 'ECONNREFUSED', address: '127.0.0.1', port: 1 }), 'AWS_UNREACHABLE'],
    [
      'every address of a name closed',
      sdkError('AggregateError', { errors: [sdkError('Error', { code: 'ECONNREFUSED' })] }),
      'AWS_UNREACHABLE',
    ],
    ['a name that does not resolve', sdkError('Error', { code: 'ENOTFOUND' }), 'AWS_UNREACHABLE'],
    ['throttling', sdkError('ThrottlingException'), 'AWS_THROTTLED'],
    ['throttling that only the SDK recognised', sdkError('Odd', { $retryable: { throttling: true } }), 'AWS_THROTTLED'],
    [
      'anything else',
      sdkError('InvalidRoleException', { $metadata: { httpStatusCode: 400, requestId: 'r-1' } }),
      'AWS_REQUEST_FAILED',
    ],
  ])('%s', (_name, error, code) => {
    expect(describeAwsFailure(error, call)).toMatchObject({ code, cause: error })
  })

  test('a refusal names the IAM action and the resource', () => {
    expect(describeAwsFailure(sdkError('AccessDenied'), call)).toMatchObject({
      hint: 'Allow s3:PutObject on arn:aws:s3:::artifacts/shop in the policy of the role that runs this.',
    })
  })

  test('a cancelled call answers the reason itself', () => {
    const reason = new Error('enough')
    expect(describeAwsFailure(sdkError('AbortError'), { ...call, signal: AbortSignal.abort(reason) })).toBe(reason)
  })

  test('where an answer may hold secrets, neither words nor cause get through', () => {
    const error = describeAwsFailure(sdkError('SyntaxError'), { ...call, withhold: true })
    expect(error.message).not.toContain('words of')
    expect('cause' in error).toBe(false)
    expect(JSON.stringify(error)).not.toContain('words of')
  })
})
