/** `promote.ts <environment> <tag>`: the artifact that the tag's commit led to goes there. No build, no tests. */
import { startDeployment } from '@fairlead/codedeploy-client'
import { deployedTo, onBranch, requirePromotable, resolveRelease } from '@fairlead/release-resolver'
import { requireAccount } from './account.ts'
import { account, environments, store } from './environments.ts'
import { finishDeployment } from './finish-deployment.ts'
import { print, runPipeline } from './report.ts'

const [environment, tag = ''] = process.argv.slice(2)
const target = environments[environment as keyof typeof environments]
if (!target) throw new Error(`usage: promote.ts ${Object.keys(environments).join('|')} <tag>`)

await runPipeline(async () => {
  await requireAccount(account)
  const release = await resolveRelease({ repository: '.', tag, store, onEvent: print })
  await requirePromotable(release, { store, gates: [deployedTo(environments.dev), onBranch('main')] })
  const deployment = await startDeployment(release.publication, target, {
    autoRollback: ['failure', 'alarm'],
    onEvent: print,
  })
  await finishDeployment(deployment, { tag })
})
