import { expect, test } from 'vitest'
import { hookEnvironment } from '../../src/plan/hook-environment.ts'
import { makeDeployment } from '../support/host.ts'

const machine = { nodeFolder: '/opt/node/bin', user: 'deploy' }
const host = { folder: '/hosts/a', environment: { SHOP_STAGE: 'dev', USER: 'shop', DEPLOYMENT_ID: 'forged' } }

test('the documented variables are over the host’s settings, and those over the bare system’s', () => {
  const deployment = makeDeployment({
    revision: { bucket: 'b', key: 'k', bundleType: 'zip', versionId: 'v1', eTag: '"e"' },
  })
  expect(hookEnvironment(host, deployment, 'AfterInstall', machine)).toEqual({
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/node/bin',
    HOME: '/hosts/a',
    LANG: 'C.UTF-8',
    USER: 'shop',
    SHOP_STAGE: 'dev',
    LIFECYCLE_EVENT: 'AfterInstall',
    DEPLOYMENT_ID: 'd-1',
    APPLICATION_NAME: 'shop',
    DEPLOYMENT_GROUP_NAME: 'dev',
    DEPLOYMENT_GROUP_ID: 'group-1',
    BUNDLE_BUCKET: 'b',
    BUNDLE_KEY: 'k',
    BUNDLE_VERSION: 'v1',
    BUNDLE_ETAG: '"e"',
  })
})

test('a revision without version and ETag leaves both variables out', () => {
  const names = Object.keys(hookEnvironment(host, makeDeployment(), 'AfterInstall', machine))
  expect(names).not.toContain('BUNDLE_VERSION')
  expect(names).not.toContain('BUNDLE_ETAG')
})
