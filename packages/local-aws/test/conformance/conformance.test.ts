import { describe, expect, test } from 'vitest'
import { running } from '../running.ts'
import { suite } from './all.ts'
import { runCase, type Endpoint } from './suite.ts'

/**
 * The suite runs against local-aws, or unchanged against the endpoints that the environment names:
 *
 *     FAIRLEAD_S3_ENDPOINT=https://s3.eu-central-1.amazonaws.com \
 *     FAIRLEAD_SECRETS_ENDPOINT=https://secretsmanager.eu-central-1.amazonaws.com \
 *     AWS_REGION=eu-central-1 AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… npx vitest run test/conformance
 *
 * It makes buckets and secrets of random names and removes them. Of an endpoint that is S3 alone give no other.
 */
function endpointOfEnvironment(): Partial<Endpoint> | undefined {
  const { env } = process
  const [s3, secretsManager] = [env['FAIRLEAD_S3_ENDPOINT'], env['FAIRLEAD_SECRETS_ENDPOINT']]
  if (s3 === undefined && secretsManager === undefined) return undefined
  return {
    ...(s3 === undefined ? {} : { s3 }),
    ...(secretsManager === undefined ? {} : { secretsManager }),
    region: env['AWS_REGION'] ?? 'us-east-1',
    credentials: {
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
      sessionToken: env['AWS_SESSION_TOKEN'],
    },
  }
}

const given = endpointOfEnvironment()
const groups = Object.entries(suite).filter(
  ([group]) => !given || (group === 'Secrets Manager' ? given.secretsManager : given.s3) !== undefined,
)

describe.each(groups)('%s', (_, cases) => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    if (given) {
      const nowhere = 'http://127.0.0.1:9'
      await runCase(one, { s3: nowhere, secretsManager: nowhere, ...given } as Endpoint)
      return
    }
    const { endpoint, region, credentials } = await running()
    await runCase(one, { s3: endpoint, secretsManager: endpoint, region, credentials })
  })
})

test('there are at least 150 cases, each with its document and a name of its own', () => {
  const all = Object.values(suite).flat()
  expect(all.length).toBeGreaterThanOrEqual(150)
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  expect(all.filter(({ document }) => !document.startsWith('https://docs.aws.amazon.com/'))).toEqual([])
})
