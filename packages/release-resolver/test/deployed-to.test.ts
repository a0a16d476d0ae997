import { type Release, type S3Location } from '@fairlead/core'
import { describe, expect, test, vi } from 'vitest'
import { checkPromotable, deployedTo, recordDeployment } from '../src/index.ts'
import { appendEntry } from '../src/ledger.ts'
import { entryOf } from './entries.ts'
import { newCommit, releaseOf, target, useWorld } from './world.ts'

const world = useWorld()
const dev = target('dev')
const gates = [deployedTo(dev)]
const clock = { now: () => Date.now(), monotonic: () => 0, sleep: () => Promise.resolve() }

/** A store, a release that it has, and a deployment of it to dev that was recorded. */
async function deployed(hooks?: Readonly<Record<string, string>>) {
  const store = world.makeStore()
  const publication = await world.publish(store, newCommit(), hooks)
  const deployment = await world.deploy(publication, dev)
  const entry = await recordDeployment(deployment, { store })
  return { store, publication, deployment, entry, release: releaseOf(publication) }
}

describe('the gate deployedTo', () => {
  test('says what it asks', () => {
    expect(deployedTo({ ...dev, region: 'eu-central-1' }).name).toBe('deployed to shop/dev (eu-central-1)')
  })

  test('passes a release that the ledger and CodeDeploy say succeeded there', async () => {
    const { store, release } = await deployed()
    expect(await checkPromotable(release, { store, gates })).toEqual([])
  })

  test('passes a release that other deployments came after', async () => {
    const { store, release } = await deployed()
    for (const hooks of [{}, { ValidateService: 'exit 1' }]) {
      await recordDeployment(await world.deploy(await world.publish(store, newCommit(), hooks), dev), { store })
    }
    expect(await checkPromotable(release, { store, gates })).toEqual([])
  })

  test('refuses a release that was never deployed there: NOT_DEPLOYED', async () => {
    const { store, release } = await deployed()
    const other = releaseOf(await world.publish(store, newCommit()))
    expect(await checkPromotable(other, { store, gates })).toMatchObject([
      { gate: 'deployed to shop/dev', code: 'NOT_DEPLOYED', message: expect.stringContaining(other.commit) },
    ])
    expect(await checkPromotable(release, { store, gates: [deployedTo(target('staging'))] })).toMatchObject([
      { code: 'NOT_DEPLOYED' },
    ])
  })

  test('refuses a release that failed there: DEPLOYMENT_DID_NOT_SUCCEED', async () => {
    const { store, release, deployment } = await deployed({ ValidateService: 'exit 1' })
    expect(await checkPromotable(release, { store, gates })).toMatchObject([
      { code: 'DEPLOYMENT_DID_NOT_SUCCEED', message: expect.stringContaining(deployment.deploymentId) },
    ])
  })

  test('refuses a release that succeeded once and was stopped there later: the newest verdict counts', async () => {
    const { store, publication, release } = await deployed({ BeforeInstall: 'sleep 0.5' })
    expect(await checkPromotable(release, { store, gates })).toEqual([])
    const again = await world.start(publication, dev)
    await world.stop(again)
    expect(await recordDeployment(again, { store })).toMatchObject({ status: 'stopped' })
    expect(await checkPromotable(release, { store, gates })).toMatchObject([
      { code: 'DEPLOYMENT_DID_NOT_SUCCEED', message: expect.stringContaining(again.deploymentId) },
    ])
  })

  test('goes by when deployments began, be they recorded in another order', async () => {
    const { store, publication, release, entry } = await deployed()
    const later = await world.deploy(publication, dev)
    const facts = await recordDeployment(later, { store })
    expect(facts.sequence).toBe(2)
    // Recorded last, and begun before the two that succeeded.
    const { sequence: _sequence, ...early } = entryOf({
      ...entry,
      deploymentId: 'd-EARLY0001',
      status: 'failed',
      startedAt: new Date(Date.parse(entry.startedAt) - 60_000).toISOString(),
      recordedAt: new Date().toISOString(),
    })
    await appendEntry({ store, target: dev }, early, { clock, onRepair: () => undefined })
    expect(await checkPromotable(release, { store, gates })).toEqual([])
    // Recorded last too, and begun after them.
    const { sequence: _next, ...late } = entryOf({
      ...entry,
      deploymentId: 'd-LATE00001',
      status: 'failed',
      startedAt: new Date(Date.now() + 60_000).toISOString(),
      recordedAt: new Date(Date.now() + 90_000).toISOString(),
    })
    await appendEntry({ store, target: dev }, late, { clock, onRepair: () => undefined })
    expect(await checkPromotable(release, { store, gates })).toMatchObject([
      { code: 'DEPLOYMENT_DID_NOT_SUCCEED', message: expect.stringContaining('d-LATE00001') },
    ])
  })

  test('refuses a release whose commit ran there with other bytes: OTHER_BYTES_DEPLOYED', async () => {
    const { store, release } = await deployed()
    const sha256 = 'b'.repeat(64)
    const other: Release = { ...release, publication: { ...release.publication, sha256 } }
    expect(await checkPromotable(other, { store, gates })).toMatchObject([
      { code: 'OTHER_BYTES_DEPLOYED', message: expect.stringContaining(sha256) },
    ])
  })

  describe('refuses an entry of the ledger that CodeDeploy does not confirm: NOT_CONFIRMED,', () => {
    /** An entry that nobody asked CodeDeploy about, as a pipeline with access to the store could write it. */
    async function forged(release: Release, { deploymentId }: { readonly deploymentId: string }) {
      const store = world.makeStore()
      const { commit, publication } = release
      const { sequence: _sequence, ...entry } = entryOf({
        sequence: 1,
        commit,
        sha256: publication.sha256,
        location: publication.location,
        target: dev,
        deploymentId,
      })
      await appendEntry({ store, target: dev }, entry, { clock, onRepair: () => undefined })
      return store
    }

    test('because there is no such deployment', async () => {
      const { release } = await deployed()
      const store = await forged(release, { deploymentId: 'd-MADEUP001' })
      expect(await checkPromotable(release, { store, gates })).toMatchObject([
        { code: 'NOT_CONFIRMED', message: expect.stringContaining('knows no such deployment') },
      ])
    })

    test('because it failed', async () => {
      const { release, deployment } = await deployed({ ValidateService: 'exit 1' })
      const store = await forged(release, deployment)
      expect(await checkPromotable(release, { store, gates })).toMatchObject([
        { code: 'NOT_CONFIRMED', message: expect.stringContaining('Failed') },
      ])
    })

    test('because it was of other bytes', async () => {
      const { deployment } = await deployed()
      const { release } = await deployed()
      const store = await forged(release, deployment)
      expect(await checkPromotable(release, { store, gates })).toMatchObject([
        { code: 'NOT_CONFIRMED', message: expect.stringContaining('key') },
      ])
    })

    test('because it was of another version of them', async () => {
      const { store, release } = await deployed()
      const location = { ...(release.publication.location as S3Location), versionId: 'another' }
      const other = { ...release, publication: { ...release.publication, location } }
      expect(await checkPromotable(other, { store, gates })).toMatchObject([
        { code: 'NOT_CONFIRMED', message: expect.stringContaining('version') },
      ])
    })

    test('because it went to another group', async () => {
      const store = world.makeStore()
      const publication = await world.publish(store, newCommit())
      const elsewhere = await world.deploy(publication, target('staging'))
      const release = releaseOf(publication)
      const lie = await forged(release, elsewhere)
      expect(await checkPromotable(release, { store: lie, gates })).toMatchObject([
        { code: 'NOT_CONFIRMED', message: expect.stringContaining('deployment group') },
      ])
    })
  })

  test('throws where CodeDeploy cannot be asked: that is neither yes nor no', async () => {
    const { store, release } = await deployed()
    vi.stubEnv('AWS_ENDPOINT_URL_CODEDEPLOY', 'http://127.0.0.1:1')
    try {
      await expect(checkPromotable(release, { store, gates })).rejects.toMatchObject({ code: 'AWS_UNREACHABLE' })
    } finally {
      vi.stubEnv('AWS_ENDPOINT_URL_CODEDEPLOY', '')
    }
  })

  test('asks the client that was given for it, before the client of the check', async () => {
    const { store, release } = await deployed()
    const asked: string[] = []
    const witness = (name: string) => ({
      send: (command: never) => {
        asked.push(name)
        return world.aws.clients.codeDeploy.send(command)
      },
    })
    const check = { store, client: witness('of the check') }
    await checkPromotable(release, { ...check, gates })
    await checkPromotable(release, { ...check, gates: [deployedTo(dev, { client: witness('of the gate') })] })
    expect(asked).toEqual(['of the check', 'of the gate'])
  })

  test('refuses a target and an option that are none', () => {
    expect(() => deployedTo({ application: 'shop' } as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_RECORD' }),
    )
    expect(() => deployedTo(dev, { clint: {} } as never)).toThrow(expect.objectContaining({ code: 'UNKNOWN_OPTION' }))
    expect(() => deployedTo(dev, { client: {} } as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
