import { coreErrors, isDeployError } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { fetchSecrets } from '../src/fetch-secrets.ts'
import type { SecretRequest } from '../src/model.ts'
import { requestKey } from '../src/plan/sources.ts'
import { secretsManager } from '../src/ports/secrets-manager.ts'
import { answerOf, arnOf, failure, startScriptedServer, type Script } from './support/scripted-secrets-manager.ts'

interface Told {
  readonly fetched: string[]
  readonly unavailable: string[]
}

/** Fetches over HTTP with a client that tries once. */
async function fetchFrom(
  secrets: Readonly<Record<string, string | Uint8Array>>,
  requests: readonly SecretRequest[],
  script?: Script,
  signal = new AbortController().signal,
) {
  const server = await startScriptedServer(secrets, script)
  const told: Told = { fetched: [], unavailable: [] }
  const events = {
    fetched: (name: string) => void told.fetched.push(name),
    batchUnavailable: (reason: string, names: readonly string[]) => {
      told.unavailable.push(`${reason} ${names.length}`)
      return Promise.resolve()
    },
  }
  const port = secretsManager({ client: server.client })
  const fetched = fetchSecrets({ secrets: requests, optional: [] }, port, events, signal).then((found) => {
    const value = (request: SecretRequest) => found.get(requestKey(request))?.value.reveal()
    return { found, value }
  })
  return { fetched, server, told }
}

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, `value ${index}`]))
const requestsFor = (secrets: object) => Object.keys(secrets).map((name) => ({ name }))
const page = (body: object) => ({ body: { SecretValues: [], Errors: [], ...body } })

describe('fetching', () => {
  test.each([
    [1, ['GetSecretValue']],
    [2, ['BatchGetSecretValue']],
    [20, ['BatchGetSecretValue']],
    [21, ['BatchGetSecretValue', 'GetSecretValue']],
    [45, ['BatchGetSecretValue', 'BatchGetSecretValue', 'BatchGetSecretValue']],
  ])('%i secrets take these calls', async (count, actions) => {
    const secrets = many(count)
    const { fetched, server, told } = await fetchFrom(secrets, requestsFor(secrets))
    const { value } = await fetched
    expect(server.calls.map(({ action }) => action)).toEqual(actions)
    for (const [name, expected] of Object.entries(secrets)) expect(value({ name })).toBe(expected)
    expect(told.fetched.toSorted()).toEqual(Object.keys(secrets).toSorted())
  })

  test('a pinned secret is asked for by its version, an ARN with or without its suffix is the same secret', async () => {
    const requests = [
      { name: 'a', versionId: 'v-1' },
      { name: 'a', versionStage: 'AWSPREVIOUS' },
      { name: 'a' },
      { name: arnOf('a') },
      { name: arnOf('b').slice(0, -7) },
    ]
    const { fetched, server } = await fetchFrom({ a: 'A', b: 'B' }, requests)
    const { value, found } = await fetched
    expect(requests.map(value)).toEqual(['A', 'A', 'A', 'A', 'B'])
    expect(found.get(requestKey(requests[0]!))?.versionId).toBe('v-1')
    expect(server.calls).toHaveLength(3)
  })

  test('binary secrets come as bytes, alone and in a batch', async () => {
    const bytes = new Uint8Array([0, 255, 10, 13])
    const { fetched } = await fetchFrom({ a: bytes, b: 'text' }, [{ name: 'a' }, { name: 'b' }])
    expect((await fetched).value({ name: 'a' })).toEqual(bytes)
    const { fetched: alone } = await fetchFrom({ a: bytes }, [{ name: 'a' }])
    expect((await alone).value({ name: 'a' })).toEqual(bytes)
  })

  test('pages may be empty, and are followed to the last', async () => {
    const pages = [
      page({ NextToken: '1' }),
      page({ SecretValues: [answerOf('b', 'B')], NextToken: '2' }),
      page({ NextToken: '3' }),
      page({ SecretValues: [answerOf('a', 'A')] }),
    ]
    const { fetched, server } = await fetchFrom({}, [{ name: 'a' }, { name: 'b' }], (_call, index) => pages[index])
    const { value } = await fetched
    expect([value({ name: 'a' }), value({ name: 'b' })]).toEqual(['A', 'B'])
    expect(server.calls.map(({ input }) => input.NextToken)).toEqual([undefined, '1', '2', '3'])
  })

  test.each([
    ['denied', failure('AccessDeniedException', 'not allowed')],
    ['throttled', failure('ThrottlingException', 'Rate exceeded')],
  ])('where the batch is %s, the secrets are asked for one by one, and that is told', async (reason, reply) => {
    const secrets = many(22)
    const { fetched, server, told } = await fetchFrom(secrets, requestsFor(secrets), ({ action }) =>
      action === 'BatchGetSecretValue' ? reply : undefined,
    )
    const { value } = await fetched
    for (const [name, expected] of Object.entries(secrets)) expect(value({ name })).toBe(expected)
    expect(server.calls.filter(({ action }) => action === 'GetSecretValue')).toHaveLength(22)
    expect(told.unavailable).toEqual([`${reason} 20`, `${reason} 2`])
  })

  test('a secret that a batch could not read just now is asked for alone', async () => {
    const errors = [{ SecretId: 'b', ErrorCode: 'InternalServiceError', Message: 'try again' }]
    const { fetched } = await fetchFrom({ a: 'A', b: 'B' }, [{ name: 'a' }, { name: 'b' }], ({ action }) =>
      action === 'BatchGetSecretValue' ? page({ SecretValues: [answerOf('a', 'A')], Errors: errors }) : undefined,
    )
    const { value } = await fetched
    expect([value({ name: 'a' }), value({ name: 'b' })]).toEqual(['A', 'B'])
  })

  const deleted = "You can't perform this operation on the secret because it was marked for deletion."
  test.each([
    ['ResourceNotFoundException', 'not there', 'SECRET_NOT_FOUND'],
    ['InvalidRequestException', deleted, 'SECRET_DELETED'],
    ['InvalidRequestException', 'of another kind', 'SECRET_REQUEST_REFUSED'],
    ['InvalidParameterException', '', 'SECRET_REQUEST_REFUSED'],
    ['DecryptionFailure', '', 'SECRET_NOT_DECRYPTED'],
    ['AccessDeniedException', 'no identity-based policy', 'AWS_ACCESS_DENIED'],
    ['AccessDeniedException', 'Access to KMS is not allowed', 'SECRET_KEY_DENIED'],
    ['DecryptionFailure', 'the key is disabled', 'SECRET_NOT_DECRYPTED'],
  ])('%s %j is %s, alone and in a batch, and names the secret', async (name, message, code) => {
    const expectRefusal = async (fetched: Promise<unknown>) => {
      const error = await fetched.then(() => expect.unreachable(), (reason: unknown) => reason) // prettier-ignore
      if (!isDeployError(error)) throw error
      expect(error).toMatchObject({ code })
      expect(error.message).toContain('b')
      expect(error.cause).toBeUndefined()
      if (message !== '') expect(JSON.stringify(error)).not.toContain(message)
      if (isDeployError(error, coreErrors.AWS_ACCESS_DENIED)) {
        expect(error.context).toMatchObject({ action: 'secretsmanager:GetSecretValue', resource: 'b' })
      }
    }
    const alone = await fetchFrom({}, [{ name: 'b' }], () => failure(name, message))
    await expectRefusal(alone.fetched)
    const batch = await fetchFrom({}, [{ name: 'a' }, { name: 'b' }], () =>
      page({ SecretValues: [answerOf('a', 'A')], Errors: [{ SecretId: 'b', ErrorCode: name, Message: message }] }),
    )
    await expectRefusal(batch.fetched)
    expect(batch.server.calls).toHaveLength(1)
  })

  test.each([
    ['a batch without one of its secrets', [answerOf('a', 'A')], 'is not in it'],
    ['a batch with one twice', [answerOf('a', 'A'), answerOf('a', 'X'), answerOf('b', 'B')], 'more than once'],
    [
      'a batch with one that nobody asked for',
      [answerOf('a', 'A'), answerOf('b', 'B'), answerOf('c', 'C')],
      'not asked for',
    ],
    [
      'a secret without a value',
      [answerOf('a', 'A'), { ...answerOf('b', 'B'), SecretString: undefined }],
      'holds no value',
    ],
    [
      'a secret without a version',
      [answerOf('a', 'A'), { ...answerOf('b', 'B'), VersionId: undefined }],
      'names no version',
    ],
  ])('%s is refused', async (_what, values, problem) => {
    const { fetched } = await fetchFrom({}, [{ name: 'a' }, { name: 'b' }], () => page({ SecretValues: values }))
    await expect(fetched).rejects.toMatchObject({
      code: 'SECRETS_ANSWER_INVALID',
      context: { problem: expect.stringContaining(problem) },
    })
  })

  test.each([
    ['another secret', { name: 'a' }, answerOf('b', 'B'), 'another secret'],
    ['another version', { name: 'a', versionId: 'v-1' }, answerOf('a', 'A'), 'another version'],
    ['another stage', { name: 'a', versionStage: 'AWSPREVIOUS' }, answerOf('a', 'A'), 'another stage'],
  ])('a single answer about %s is refused', async (_what, request, body, problem) => {
    const { fetched } = await fetchFrom({}, [request], () => ({ body }))
    await expect(fetched).rejects.toMatchObject({ context: { problem: expect.stringContaining(problem) } })
  })

  test('a batch that never ends is refused', async () => {
    const { fetched, server } = await fetchFrom({}, [{ name: 'a' }, { name: 'b' }], () => page({ NextToken: 'again' }))
    await expect(fetched).rejects.toMatchObject({ code: 'SECRETS_ANSWER_INVALID' })
    expect(server.calls).toHaveLength(100)
  })

  test.each([
    ['a cut connection', 'cut', 'AWS_UNREACHABLE'],
    [
      'an HTML page of a proxy',
      { status: 502, body: '<html>Bad gateway</html>', headers: { 'content-type': 'text/html' } },
      'AWS_REQUEST_FAILED',
    ],
    ['an answer cut in the middle', { body: '{"SecretString":"hunter2hunter2' }, 'AWS_REQUEST_FAILED'],
    ['an answer that is not JSON', { body: 'hunter2hunter2' }, 'AWS_REQUEST_FAILED'],
    [
      'a failure whose name is the secret',
      { status: 400, body: { __type: 'hunter2 hunter2', message: 'hunter2' } },
      'AWS_REQUEST_FAILED',
    ],
    ['an expired token', failure('ExpiredTokenException'), 'AWS_CREDENTIALS_MISSING'],
    ['throttling', failure('ThrottlingException'), 'AWS_THROTTLED'],
  ] as const)('%s is an error without the words of the SDK', async (_what, reply, code) => {
    const { fetched } = await fetchFrom({}, [{ name: 'a' }], () => reply)
    const error = await fetched.then(() => expect.unreachable(), (reason: unknown) => reason) // prettier-ignore
    if (!isDeployError(error)) throw error
    expect(error.code).toBe(code)
    expect(error.cause).toBeUndefined()
    expect(JSON.stringify(error) + error.stack).not.toMatch(/hunter2/)
  })

  test('cancelling rejects with the reason, and cuts the connection', async () => {
    const controller = new AbortController()
    const { fetched, server } = await fetchFrom({}, [{ name: 'a' }, { name: 'b' }], () => 'silence', controller.signal)
    const reason = new Error('stop')
    setTimeout(() => controller.abort(reason), 50)
    await expect(fetched).rejects.toBe(reason)
    expect(server.calls).toHaveLength(1)
  })

  test('the first failure stops the other single calls, and is the one that is told', async () => {
    const requests = Array.from({ length: 30 }, (_, index) => ({ name: `s${index}`, versionId: 'v' }))
    const { fetched, server } = await fetchFrom({}, requests, ({ input }) =>
      input.SecretId === 's2' ? failure('ResourceNotFoundException') : 'silence',
    )
    await expect(fetched).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND', context: { secret: 's2', version: 'v' } })
    expect(server.calls.length).toBeLessThanOrEqual(5)
  })

  test('a given client is not closed', async () => {
    const { client } = await startScriptedServer({ a: 'A' })
    let closed = 0
    const port = secretsManager({
      client: Object.assign(Object.create(client) as SecretsManagerClient, { destroy: () => closed++ }),
    })
    await port.getOne({ name: 'a' }, new AbortController().signal)
    port.close()
    expect(closed).toBe(0)
  })
})
