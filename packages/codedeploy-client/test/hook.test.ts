import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { manifestPath, type Manifest } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { codeDeployErrors, readHookContext } from '../src/hook.ts'
import { failureOf } from './support/deploy-values.ts'

const environment = {
  LIFECYCLE_EVENT: 'AfterInstall',
  DEPLOYMENT_ID: 'd-A1B2C3D4E',
  APPLICATION_NAME: 'shop',
  DEPLOYMENT_GROUP_NAME: 'production',
  DEPLOYMENT_GROUP_ID: '0a1b2c3d-0000-0000-0000-000000000000',
}
const bundle = {
  BUNDLE_BUCKET: 'artifacts',
  BUNDLE_KEY: 'shop/artifacts/aa.zip',
  BUNDLE_VERSION: 'v1',
  BUNDLE_ETAG: '"e1"',
}

/** An archive as the agent unpacks it, with a hook two folders down. */
function archiveIn(folder: string, commit: string) {
  const manifest: Manifest = {
    schema: 'fairlead/manifest/1',
    application: 'shop',
    commit,
    contentDigest: commit.slice(0, 2).repeat(32),
    entries: [],
    allowances: [],
  }
  const script = join(folder, 'deploy/hooks/after-install.mjs')
  mkdirSync(dirname(script), { recursive: true })
  mkdirSync(dirname(join(folder, manifestPath)), { recursive: true })
  writeFileSync(script, '')
  writeFileSync(join(folder, manifestPath), JSON.stringify(manifest))
  return { folder, script, commit, contentDigest: manifest.contentDigest }
}

const one = 'a1'.repeat(20)
const two = 'b2'.repeat(20)

describe(readHookContext.name, () => {
  test('finds the archive above the script, and all that the agent tells', async () => {
    const { folder, script, commit, contentDigest } = archiveIn(temporaryFolder(), one)
    const from = pathToFileURL(script).href
    expect(await readHookContext({ from, environment: { ...environment, ...bundle } })).toEqual({
      event: 'AfterInstall',
      application: 'shop',
      deploymentGroup: 'production',
      deploymentGroupId: '0a1b2c3d-0000-0000-0000-000000000000',
      deploymentId: 'd-A1B2C3D4E',
      archive: { path: folder, commit, contentDigest },
      incoming: { bucket: 'artifacts', key: 'shop/artifacts/aa.zip', versionId: 'v1', eTag: 'e1' },
    })
  })

  test('keeps apart the archive that runs and the revision that comes in, in ApplicationStop', async () => {
    const root = temporaryFolder()
    const previous = archiveIn(join(root, 'd-1/deployment-archive'), one)
    archiveIn(join(root, 'd-2/deployment-archive'), two)
    const stop = { ...environment, LIFECYCLE_EVENT: 'ApplicationStop', BUNDLE_BUCKET: 'b', BUNDLE_KEY: 'two.zip' }
    const context = await readHookContext({ from: previous.script, environment: stop })
    expect(context.archive).toEqual({
      path: previous.folder,
      commit: one,
      contentDigest: previous.contentDigest,
    })
    expect(context.incoming).toEqual({ bucket: 'b', key: 'two.zip' })
  })

  test('takes a URL, a path and a script that is reached through a link', async () => {
    const root = temporaryFolder()
    const { folder, script } = archiveIn(join(root, 'release with a space'), one)
    symlinkSync(folder, join(root, 'current'))
    const forms = [pathToFileURL(script), script, join(root, 'current/deploy/hooks/after-install.mjs')]
    for (const from of forms) {
      expect((await readHookContext({ from, environment })).archive.path).toBe(folder)
    }
  })

  test('takes the nearest archive, not one around it', async () => {
    const outer = archiveIn(temporaryFolder(), one)
    const inner = archiveIn(join(outer.folder, 'vendor/other'), two)
    expect((await readHookContext({ from: inner.script, environment })).archive.commit).toBe(two)
  })

  test.each([
    ['GitHub', { BUNDLE_COMMIT: one }],
    ['a key without a bucket', { BUNDLE_KEY: 'x.zip' }],
    ['empty words', { BUNDLE_BUCKET: '', BUNDLE_KEY: '' }],
  ])('knows no revision in S3 for %s', async (_, variables) => {
    const { script } = archiveIn(temporaryFolder(), one)
    const context = await readHookContext({ from: script, environment: { ...environment, ...variables } })
    expect(context.incoming).toBeUndefined()
  })

  test('refuses to run outside a hook, and names what is missing', async () => {
    const { script } = archiveIn(temporaryFolder(), one)
    const { DEPLOYMENT_ID: _, ...rest } = environment
    const error = await failureOf(readHookContext({ from: script, environment: { ...rest, APPLICATION_NAME: '' } }))
    expect(error.code).toBe(codeDeployErrors.HOOK_ENVIRONMENT_MISSING.code)
    expect(error.context).toEqual({ variables: ['DEPLOYMENT_ID', 'APPLICATION_NAME'] })
  })

  test('refuses a script that lies in no archive', async () => {
    const script = join(temporaryFolder(), 'after-install.mjs')
    writeFileSync(script, '')
    const error = await failureOf(readHookContext({ from: script, environment }))
    expect(error.code).toBe('HOOK_ARCHIVE_NOT_FOUND')
    expect(error.context).toEqual({ from: script, manifest: manifestPath })
  })

  test('refuses a script that does not exist', async () => {
    const { folder } = archiveIn(temporaryFolder(), one)
    const from = join(folder, 'no/such.mjs')
    expect((await failureOf(readHookContext({ from, environment }))).code).toBe('HOOK_ARCHIVE_NOT_FOUND')
  })

  test('does not take an archive that it cannot look into for none', async () => {
    const { folder, script } = archiveIn(temporaryFolder(), one)
    chmodSync(join(folder, manifestPath), 0)
    if (process.getuid?.() !== 0) {
      await expect(readHookContext({ from: script, environment })).rejects.toMatchObject({ code: 'EACCES' })
    }
    chmodSync(join(folder, manifestPath), 0o644)
    writeFileSync(join(folder, manifestPath), '{"schema":"fairlead/manifest/1"}')
    const error = await failureOf(readHookContext({ from: script, environment }))
    expect(error.code).toBe('INVALID_RECORD')
    expect(error.message).toContain(join(folder, manifestPath))
  })

  test.each([
    [{ from: '' }, 'INVALID_OPTION'],
    [{}, 'INVALID_OPTION'],
    [{ from: '/x', env: {} }, 'UNKNOWN_OPTION'],
    [null, 'INVALID_OPTION'],
  ])('refuses %j', async (source, code) => {
    expect((await failureOf(readHookContext(source as never))).code).toBe(code)
  })
})

describe('the built package', () => {
  const dist = (entry: string) => new URL(`../dist/${entry}`, import.meta.url).href
  /** Refuses to resolve any module of the SDK. */
  const refuseSdk = `
    import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(\`
      export const resolve = (specifier, context, next) => {
        if (/^@(aws-sdk|smithy)/.test(specifier)) throw new Error('the SDK was loaded')
        return next(specifier, context)
      }\`))
  `
  const run = (script: string) =>
    execFileSync(process.execPath, ['--input-type=module', '--eval', `${refuseSdk}\n${script}`], {
      encoding: 'utf8',
      stdio: 'pipe',
      // From there, the SDK would be found if it were looked for.
      cwd: dirname(import.meta.dirname),
    })

  test.each(['hook.js', 'index.js'])('loads no SDK with %s', (entry) => {
    const load = `const loaded = await import(${JSON.stringify(dist(entry))}); console.log(Object.keys(loaded).join())`
    expect(run(load)).toContain(entry === 'hook.js' ? 'readHookContext' : 'startDeployment')
    expect(() => run("await import('@aws-sdk/client-codedeploy')")).toThrow('the SDK was loaded')
  })

  test('reads its context in a hook that was started in another folder', () => {
    const { folder, script } = archiveIn(temporaryFolder(), one)
    writeFileSync(
      script,
      `import { readHookContext } from ${JSON.stringify(dist('hook.js'))}
       console.log(JSON.stringify(await readHookContext(import.meta.url)))`,
    )
    const output = execFileSync(process.execPath, [script], { cwd: '/', env: environment, encoding: 'utf8' })
    expect(JSON.parse(output)).toMatchObject({ event: 'AfterInstall', archive: { path: folder, commit: one } })
  })
})
