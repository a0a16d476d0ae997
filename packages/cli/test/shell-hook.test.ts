import { copyFileSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildArtifact } from '@fairlead/artifact-builder'
import { startDeployment, waitForDeployment } from '@fairlead/codedeploy-client'
import { startLocalAws } from '@fairlead/local-aws'
import { publishArtifact, s3Store } from '@fairlead/s3-publisher'
import { createRepository } from '@fairlead/test-support'
import { expect, onTestFinished, test } from 'vitest'

const appspec = 'version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - location: hooks/after-install.sh\n'

/** The hook that the README shows, word for word. */
function hookOfReadme(): string {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const hook = /```sh\n(#!\/bin\/sh\n# hooks[^]*?)```/.exec(readme)?.[1]
  if (!hook) throw new Error('the README has no shell hook')
  return hook
}

/** The one line, with what this host has. */
const oneLine = `#!/bin/sh
exec "$(dirname "$0")/fairlead-host" host deploy --root "$SHOP_ROOT" --script "$0" --shared var/uploads --keep 2 \\
  --before-switch 'echo "DATABASE_URL=mysql://db.dev" > "$FAIRLEAD_RELEASE/.env.local"'
`

test.each([
  ["the README's shell hook", hookOfReadme()],
  ['a hook of one line', oneLine],
])('%s takes a release live, run by the agent with the one file for hosts', async (_name, hook) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fairlead-shell-hook-')))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const repository = createRepository(join(folder, 'shop'))
  repository.commit({ 'appspec.yml': appspec, 'hooks/after-install.sh': { text: hook, mode: 0o755 } })
  const bundled = new URL('../dist/fairlead-host.mjs', import.meta.url)
  copyFileSync(bundled, join(repository.path, 'hooks/fairlead-host.mjs'))
  copyFileSync(new URL('../launcher/fairlead-host', import.meta.url), join(repository.path, 'hooks/fairlead-host'))
  const root = join(folder, 'web-1/srv/shop')
  const temporary = join(folder, 'web-1')
  const aws = await startLocalAws({
    buckets: [{ name: 'artifacts', versioned: true }],
    secrets: { 'shop/dev/env': '{"DATABASE_URL":"mysql://db.dev"}' },
    hosts: [{ name: 'web-1', folder: temporary, environment: { SHOP_ROOT: root, TMPDIR: temporary } }],
    applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: ['web-1'] }] }],
  })
  onTestFinished(() => aws.close())
  const { s3, codeDeploy: client } = aws.clients

  const artifact = await buildArtifact({ root: repository.path, include: ['**'], output: join(folder, 'shop.zip') })
  const publication = await publishArtifact(artifact, { store: s3Store({ bucket: 'artifacts', client: s3 }) })
  const deployment = await startDeployment(publication, { application: 'shop', deploymentGroup: 'dev' }, { client })
  await waitForDeployment(deployment, { client, pollIntervalMs: 100 })

  expect(readFileSync(join(root, 'current/.env.local'), 'utf8')).toContain('mysql://db.dev')
  expect(readdirSync(temporary).filter((name) => name.startsWith('tmp.'))).toEqual([])
})
