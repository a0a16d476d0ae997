#!/usr/bin/env node
/** Puts the new release beside the old one, gives it its secrets, and only then lets it go live. */
import { formatEvent, isDeployError } from '@fairlead/core'
import { readHookContext } from '@fairlead/codedeploy-client/hook'
import { activateRelease, pruneReleases, stageRelease } from '@fairlead/release-symlinker'
import { injectSecrets, secret } from '@fairlead/secrets-injector'
import { host, say } from './host.ts'

async function deploy(): Promise<void> {
  const { root, owner } = host
  const hook = await readHookContext(import.meta.url)
  const staged = await stageRelease({
    root,
    from: hook.archive.path,
    id: hook.deploymentId,
    shared: ['var/uploads'],
    owner,
  })
  say(`staged ${staged.name}`)

  const injected = await injectSecrets({
    directory: staged.path,
    owner,
    envFile: {
      name: '.env.local',
      dialect: 'dotenv',
      from: secret(`shop/${hook.deploymentGroup}/env`),
      expect: '.env',
    },
    files: { 'config/jwt/private.pem': secret(`shop/${hook.deploymentGroup}/jwt-private-key`) },
  })
  say(`injected ${injected.files.map((file) => file.path).join(', ')}`)

  await activateRelease(staged, {
    probe: { url: `${host.url}/health`, expectCommit: hook.archive.commit },
    onEvent: (event) => say(formatEvent(event)),
  })
  await pruneReleases({ root, keep: 5 })
}

try {
  await deploy()
} catch (error) {
  say(isDeployError(error) ? `${error.code}: ${error.message}\n${error.hint}` : String(error))
  process.exitCode = 1
}
