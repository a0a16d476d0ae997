/** What CI runs for a merge: tests, one artifact, one publication, a deployment to dev. */
import { execFileSync } from 'node:child_process'
import { buildArtifact } from '@fairlead/artifact-builder'
import { startDeployment } from '@fairlead/codedeploy-client'
import { publishArtifact } from '@fairlead/s3-publisher'
import { requireAccount } from './account.ts'
import { account, environments, store } from './environments.ts'
import { finishDeployment } from './finish-deployment.ts'
import { print, runPipeline } from './report.ts'

await runPipeline(async () => {
  await requireAccount(account)
  execFileSync('npm', ['test', '--silent'], { stdio: 'inherit' })
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })

  const artifact = await buildArtifact({
    root: '.',
    include: ['dist/**', 'views/**', 'public/**', '.env', 'appspec.yml'],
    output: 'build/shop.zip',
    onEvent: print,
  })
  const publication = await publishArtifact(artifact, { store, onEvent: print })
  const deployment = await startDeployment(publication, environments.dev, {
    autoRollback: ['failure'],
    whenBusy: 'wait',
    onEvent: print,
  })
  await finishDeployment(deployment)
})
