/**
 * The values fit: what one verb answers, the next one takes, although no library depends on its neighbour. The compiler
 * proves it (`npm run typecheck`); at run time the records prove that they survive a file between two jobs.
 */
import type { buildArtifact, extractArtifact, readArtifact } from '@fairlead/artifact-builder'
import type { startDeployment, waitForDeployment, watchDeployment } from '@fairlead/codedeploy-client'
import type { HookContext } from '@fairlead/codedeploy-client/hook'
import type { ArtifactStore } from '@fairlead/core'
import type { recordDeployment, requirePromotable, resolveRelease } from '@fairlead/release-resolver'
import type { activateRelease, ArtifactReader, stageRelease } from '@fairlead/release-symlinker'
import type { folderStore, publishArtifact, s3Store } from '@fairlead/s3-publisher'
import type { injectSecrets } from '@fairlead/secrets-injector'
import type { LocalAws } from '@fairlead/local-aws'
import { expectTypeOf, test } from 'vitest'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any verb will do
type Verb = (...args: any[]) => unknown
type Answer<V extends Verb> = Awaited<ReturnType<V>>
type Subject<V extends Verb> = Parameters<V>[0]

test('an artifact can be published', () => {
  expectTypeOf<Answer<typeof buildArtifact>>().toExtend<Subject<typeof publishArtifact>>()
})

test('a publication can be deployed', () => {
  expectTypeOf<Answer<typeof publishArtifact>>().toExtend<Subject<typeof startDeployment>>()
})

test("a release's publication can be deployed", () => {
  expectTypeOf<Answer<typeof resolveRelease>['publication']>().toExtend<Subject<typeof startDeployment>>()
})

test('a release can be checked for promotion', () => {
  expectTypeOf<Answer<typeof resolveRelease>>().toExtend<Subject<typeof requirePromotable>>()
})

test('a deployment can be watched, waited for and recorded', () => {
  expectTypeOf<Answer<typeof startDeployment>>().toExtend<Subject<typeof watchDeployment>>()
  expectTypeOf<Answer<typeof startDeployment>>().toExtend<Subject<typeof waitForDeployment>>()
  expectTypeOf<Answer<typeof startDeployment>>().toExtend<Subject<typeof recordDeployment>>()
})

test('the archive and the deployment of a hook can be staged', () => {
  expectTypeOf<HookContext['archive']['path']>().toExtend<Subject<typeof stageRelease>['from']>()
  expectTypeOf<HookContext['deploymentId']>().toExtend<Subject<typeof stageRelease>['id']>()
})

test('an artifact that is not unpacked can be staged', () => {
  expectTypeOf<{
    readArtifact: typeof readArtifact
    extractArtifact: typeof extractArtifact
  }>().toExtend<ArtifactReader>()
})

test('secrets go into a staged release, which can then go live', () => {
  expectTypeOf<Answer<typeof stageRelease>['path']>().toExtend<Subject<typeof injectSecrets>['directory']>()
  expectTypeOf<Answer<typeof stageRelease>>().toExtend<Subject<typeof activateRelease>>()
})

test('every store is a store, and every client of local-aws is a client', () => {
  expectTypeOf<Answer<typeof s3Store>>().toExtend<ArtifactStore>()
  expectTypeOf<Answer<typeof folderStore>>().toExtend<ArtifactStore>()
  expectTypeOf<LocalAws['clients']['s3']>().toExtend<NonNullable<Subject<typeof s3Store>['client']>>()
  type StartOptions = NonNullable<Parameters<typeof startDeployment>[2]>
  expectTypeOf<LocalAws['clients']['codeDeploy']>().toExtend<NonNullable<StartOptions['client']>>()
  type Inject = Subject<typeof injectSecrets>
  expectTypeOf<LocalAws['clients']['secretsManager']>().toExtend<NonNullable<Inject['client']>>()
})
