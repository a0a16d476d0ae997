import { describe, expect, test } from 'vitest'
import { signedHeaders } from '../../host-file/direct/signature.ts'

/** "Signature Version 4 test suite" of AWS: post-vanilla and post-sts-header-before. */
describe('a signature', () => {
  const post = { host: 'example.amazonaws.com', region: 'us-east-1', service: 'service', headers: {}, body: '' }
  const keys = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: ['wJalrXUtnFEMI/K7MDENG', 'bPxRfiCYEXAMPLEKEY'].join('+'),
  }
  const sessionToken = 'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==' // prettier-ignore

  test.each([
    ['without a token', keys, 'host;x-amz-date', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'with a token',
      { ...keys, sessionToken },
      'host;x-amz-date;x-amz-security-token',
      '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
    ],
  ])('is the one that AWS gives %s', (_what, credentials, names, signature) => {
    const { authorization } = signedHeaders(post, credentials, new Date('2015-08-30T12:36:00Z'))
    const scope = 'AKIDEXAMPLE/20150830/us-east-1/service/aws4_request'
    expect(authorization).toBe(`AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${names}, Signature=${signature}`)
  })
})
