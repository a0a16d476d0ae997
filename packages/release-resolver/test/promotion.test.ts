import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createRepository, temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { deployedTo, onBranch, readTarget, recordDeployment, requirePromotable, resolveRelease } from '../src/index.ts'
import { target, useWorld } from './world.ts'

const world = useWorld()

describe('a promotion', () => {
  test('brings the bytes of the merge to the next target: the same digest, the same version', async () => {
    const repository = createRepository(join(temporaryFolder(), 'shop'))
    const commit = repository.commit({ 'index.js': 'one' })
    const store = world.makeStore()
    const gates = [deployedTo(target('dev')), onBranch('main')]
    const merged = await world.publish(store, commit)
    repository.git('tag', '--annotate', '--message', 'the first', 'v1.0.0')

    const release = await resolveRelease({ repository: repository.path, tag: 'v1.0.0', store })
    await expect(requirePromotable(release, { store, gates })).rejects.toMatchObject({
      code: 'RELEASE_NOT_PROMOTABLE',
      context: { findings: [{ code: 'NOT_DEPLOYED' }] },
    })

    await recordDeployment(await world.deploy(merged, target('dev')), { store })
    const from = world.aws.calls.length
    await requirePromotable(release, { store, gates })
    const promoted = await world.deploy(release.publication, target('staging'))
    await recordDeployment(promoted, { store, tag: release.tag })
    expect((await readTarget(target('staging'), { store }))?.current).toMatchObject({
      commit,
      sha256: merged.sha256,
      location: merged.location,
      tag: 'v1.0.0',
    })

    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const documented = [...readme.matchAll(/^\| `(codedeploy:\w+)`/gm)].map(([, action]) => action)
    const asked = world.aws.calls
      .slice(from)
      .filter(({ service, action }) => service === 'codedeploy' && action !== 'CreateDeployment')
      .flatMap(({ permissions }) => permissions)
    expect([...new Set(asked)]).toEqual(documented)
  })
})

test('importing the package loads no AWS SDK: the first question to CodeDeploy does', async () => {
  const hook = `export async function resolve(name, context, next) {
    if (name.startsWith('@aws-sdk/')) throw new Error('the SDK was loaded')
    return next(name, context)
  }`
  const program = `
    import { register } from 'node:module'
    register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hook))})
    const { deployedTo } = await import('@fairlead/release-resolver')
    console.log(deployedTo({ application: 'shop', deploymentGroup: 'dev' }).name)
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: new URL('.', import.meta.url),
  })
  expect(stdout).toBe('deployed to shop/dev\n')
})
