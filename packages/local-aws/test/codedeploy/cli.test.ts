import { execFile } from 'node:child_process'
import { existsSync, readFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder, withTools } from '@fairlead/test-support'
import { describe, expect } from 'vitest'
import { loopback } from './loopback.ts'

const run = promisify(execFile)

/** The CLI of version 1, where pip installed it, or Debian's of version 2: whichever there are. */
const tools = ['/usr/bin/aws', ...(process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'aws'))]
const clis = [...new Set(tools)].filter((path) => existsSync(path)).slice(0, 2)

/** A release in a folder, as somebody has it who is about to push it. */
function releaseFolder(version: string): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'site'))
  writeFileSync(join(folder, 'site/index.html'), version)
  const appSpec = ['version: 0.0', 'os: linux', 'files:', '  - source: site/index.html', '    destination: /var/www']
  writeFileSync(join(folder, 'appspec.yml'), `${appSpec.join('\n')}\n`)
  return folder
}

describe('the aws CLI deploys', () => {
  for (const aws of clis.length > 0 ? clis : ['aws']) {
    withTools(
      ['aws'],
      `by push, create-deployment, get-deployment and wait deployment-successful (${aws})`,
      async () => {
        const world = await loopback('web-1')
        const env = { PATH: process.env['PATH'], HOME: temporaryFolder(), ...world.aws.environment, AWS_PAGER: '' }
        const cli = async (...words: readonly string[]) =>
          (await run(aws, ['--endpoint-url', world.aws.endpoint, '--output', 'json', ...words], { env })).stdout

        const pushed = await cli(
          ...['deploy', 'push', '--application-name', 'shop', '--description', 'from the CLI'],
          ...['--source', releaseFolder('<h1>pushed</h1>'), '--s3-location', 's3://artifacts/pushed.zip'],
        )
        // It tells the command to go on with, pins included.
        const location = /--s3-location (\S+)/.exec(pushed)?.[1] ?? ''
        expect(location).toMatch(/^bucket=artifacts,key=pushed\.zip,bundleType=zip,eTag=[0-9a-f]+,version=\S+$/)
        const created = JSON.parse(
          await cli(
            ...['deploy', 'create-deployment', '--application-name', 'shop', '--deployment-group-name', 'dev'],
            ...['--s3-location', location],
          ),
        ) as { readonly deploymentId: string }
        const byId = ['--deployment-id', created.deploymentId]
        await world.aws.whenIdle()
        await cli('deploy', 'wait', 'deployment-successful', ...byId)
        expect(JSON.parse(await cli('deploy', 'get-deployment', ...byId))).toMatchObject({
          deploymentInfo: { status: 'Succeeded', creator: 'user', deploymentOverview: { Succeeded: 1 } },
        })
        expect(readFileSync(join(world.folder('web-1'), 'var/www/index.html'), 'utf8')).toBe('<h1>pushed</h1>')
        const revisions: unknown = JSON.parse(
          await cli('deploy', 'list-application-revisions', '--application-name', 'shop'),
        )
        expect(revisions).toMatchObject({ revisions: [{ s3Location: { key: 'pushed.zip' } }] })
      },
      120_000,
    )
  }

  withTools(
    ['aws'],
    'and registers an on-premises instance, tags it and lists it',
    async () => {
      const world = await loopback('web-1')
      const env = { PATH: process.env['PATH'], HOME: temporaryFolder(), ...world.aws.environment, AWS_PAGER: '' }
      const cli = async (...words: readonly string[]) =>
        (await run('aws', ['--endpoint-url', world.aws.endpoint, '--output', 'json', 'deploy', ...words], { env }))
          .stdout
      const iamUserArn = 'arn:aws:iam::123456789012:user/AWS/CodeDeploy/rack-1'
      await cli('register-on-premises-instance', '--instance-name', 'rack-1', '--iam-user-arn', iamUserArn)
      await cli('add-tags-to-on-premises-instances', '--instance-names', 'rack-1', '--tags', 'Key=role,Value=web')
      const filter = ['--tag-filters', 'Key=role,Value=web,Type=KEY_AND_VALUE']
      const listed: unknown = JSON.parse(await cli('list-on-premises-instances', ...filter))
      expect(listed).toEqual({ instanceNames: ['rack-1'] })
      await cli('deregister', '--instance-name', 'rack-1', '--no-delete-iam-user', '--region', world.aws.region)
      expect(JSON.parse(await cli('list-on-premises-instances', ...filter))).toEqual({ instanceNames: [] })
    },
    60_000,
  )
})
