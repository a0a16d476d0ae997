import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openAccess } from '../../host-file/direct/access.ts'

const nowhere = join(mkdtempSync(join(tmpdir(), 'fairlead-access-')), 'none')
const plain = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'key',
  AWS_CONFIG_FILE: nowhere,
  AWS_SHARED_CREDENTIALS_FILE: nowhere,
}

describe('access without the SDK', () => {
  test('takes a region and keys, and the endpoint of the region', async () => {
    const access = await openAccess({}, plain)
    expect(access?.url.href).toBe('https://secretsmanager.eu-west-1.amazonaws.com/')
    expect(access?.credentials).toEqual({ accessKeyId: 'id', secretAccessKey: 'key', sessionToken: undefined })
  })

  test('prefers what it is told to what the environment says', async () => {
    const options = { region: 'us-east-2', endpoint: 'http://127.0.0.1:1' }
    const access = await openAccess(options, { ...plain, AWS_ENDPOINT_URL: 'http://127.0.0.1:2' })
    expect([access?.region, access?.url.port]).toEqual(['us-east-2', '1'])
  })

  test('takes empty shared files for none', async () => {
    const files = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' }
    expect(await openAccess({}, { ...plain, ...files })).toBeDefined()
  })

  const filled = join(mkdtempSync(join(tmpdir(), 'fairlead-access-')), 'config')
  writeFileSync(filled, '[default]\nregion=eu-west-1\n')

  test.each<[string, Readonly<Record<string, string | undefined>>]>([
    ['no region', { AWS_REGION: undefined }],
    ['a region of another partition', { AWS_REGION: 'cn-north-1' }],
    ['a region of the government', { AWS_REGION: 'us-gov-west-1' }],
    ['a FIPS region', { AWS_REGION: 'fips-us-east-1' }],
    ['a profile', { AWS_PROFILE: 'shop' }],
    ['a web identity', { AWS_WEB_IDENTITY_TOKEN_FILE: '/token' }],
    ['a container', { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/keys' }],
    ['FIPS', { AWS_USE_FIPS_ENDPOINT: 'true' }],
    ['an endpoint of the service', { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1' }],
    ['a setting that came later', { AWS_NEW_SETTING: '1' }],
    ['an endpoint with a path', { AWS_ENDPOINT_URL: 'http://127.0.0.1:1/path' }],
    ['a shared config file', { AWS_CONFIG_FILE: filled }],
    ['a shared credentials file', { AWS_SHARED_CREDENTIALS_FILE: filled }],
    ['no keys, and no metadata', { AWS_SECRET_ACCESS_KEY: undefined, AWS_EC2_METADATA_DISABLED: 'true' }],
  ])('is left to the SDK with %s', async (_what, environment) => {
    expect(await openAccess({}, { ...plain, ...environment })).toBeUndefined()
  })
})
