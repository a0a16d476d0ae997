import { chmodSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import type { AgentProfile, LifecycleEventName } from '../src/model.ts'
import { runHostCommand, type CommandCompletion } from '../src/run-host-command.ts'
import { runLifecycle } from '../src/run-lifecycle.ts'
import { findAccounts, lacking } from './conformance/accounts.ts'
import { playVector } from './conformance/play-vector.ts'
import { readVectors } from './conformance/vector.ts'
import { bundleOf, makeDeployment, makeHost, serve } from './support/host.ts'

const vectors = readVectors(join(import.meta.dirname, 'vectors'))

async function differencesOf(name: string): Promise<string> {
  const vector = vectors.find((candidate) => candidate.name === name)
  if (!vector) throw new Error(`there is no vector ${name}`)
  const host = temporaryFolder()
  chmodSync(host, 0o755)
  const mask = process.umask(0o022)
  try {
    return (await playVector(vector, host, { accounts: findAccounts(), profile: 'official-2' })).join('\n')
  } finally {
    process.umask(mask)
  }
}

/** What a bundle does under both profiles: the message of the last event. */
async function underBoth(
  appspec: string,
  scripts: Record<string, string>,
  events: readonly LifecycleEventName[] = ['DownloadBundle', 'AfterInstall'],
): Promise<Record<AgentProfile, string>> {
  const run = async (profile: AgentProfile) => {
    const fetchBundle = serve(bundleOf(appspec, scripts))
    const result = await runLifecycle(makeHost({ profile }), { deployment: makeDeployment(), events, fetchBundle })
    return result.events.at(-1)?.message ?? ''
  }
  return { 'official-1.8': await run('official-1.8'), 'official-2': await run('official-2') }
}

describe('where the profile official-2 departs from the recordings, and where it does not', () => {
  test('mode-0644-unquoted: a mode keeps the digits that were written (its tests)', async () => {
    expect(await differencesOf('mode-0644-unquoted')).toMatch(/"mode":"0644"/)
  })

  test('fail-signal-kill: a script that a signal ended has the exit code 1 (its source)', async () => {
    expect(await differencesOf('fail-signal-kill')).toMatch(/failed with exit code 1/)
  })

  test('appspec-yaml-name: hooks find appspec.yaml, as Install does (its release notes)', async () => {
    expect(await differencesOf('appspec-yaml-name')).toMatch(/status: "Succeeded" instead of "Failed"/)
  })

  test('prev-renamed-appspec: a revision whose AppSpec is called otherwise blocks no next deployment', async () => {
    expect(await differencesOf('prev-renamed-appspec')).toMatch(/status: "Succeeded" instead of "Failed"/)
  })

  test('appspec-os-windows: either name of a system is taken (its source)', async () => {
    expect(await differencesOf('appspec-os-windows')).toMatch(/status: "Succeeded" instead of "Failed"/)
  })

  test('fail-exit-application-start: a failure is completed once (its source)', async () => {
    expect(await differencesOf('fail-exit-application-start')).toBe(
      'step 1, completions of ApplicationStart: 1 instead of 2',
    )
  })

  test('a script out of time that ignores SIGTERM is killed after five seconds (its source)', async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o777)
    const stubborn = (profile: AgentProfile) =>
      [
        "trap '' TERM",
        'end=$(($(date +%s) + 9))',
        'while [ "$(date +%s)" -lt "$end" ]; do sleep 0.2; done',
        `: > "${folder}/${profile}"`,
      ].join('\n')
    const run = async (profile: AgentProfile) => {
      const appspec = 'hooks: {AfterInstall: [{location: stubborn.sh, timeout: 1}]}\n'
      const result = await runLifecycle(makeHost({ profile }), {
        deployment: makeDeployment(),
        events: ['DownloadBundle', 'AfterInstall'],
        fetchBundle: serve(bundleOf(appspec, { 'stubborn.sh': stubborn(profile) })),
      })
      return result.events.at(-1)?.status
    }
    expect(await Promise.all([run('official-1.8'), run('official-2')])).toEqual(['Failed', 'Failed'])
    // Only the one that was waited for came to its last line.
    expect(readdirSync(folder)).toEqual(['official-1.8'])
  })

  test('a path with a blank is one path', async () => {
    const messages = await underBoth('hooks: {AfterInstall: [{location: my hook.sh}]}\n', { 'my hook.sh': ':' })
    expect(messages['official-2']).toBe('Succeeded')
    expect(messages['official-1.8']).toMatch(/failed with error Errno::ENOENT with message No such file .*\/my$/)
  })

  test('an AppSpec outside of the revision is refused (the release notes of 2.1.0)', async () => {
    const payload = JSON.stringify({
      DeploymentId: 'd-1',
      DeploymentGroupId: 'group-1',
      DeploymentGroupName: 'dev',
      ApplicationName: 'shop',
      AppSpecFilename: '../../d-0/deployment-archive/appspec.yml',
      Revision: { RevisionType: 'S3', S3Revision: { Bucket: 'b', Key: 'k', BundleType: 'zip' } },
    })
    const completions: CommandCompletion[] = []
    for (const name of ['DownloadBundle', 'BeforeInstall']) {
      await runHostCommand(makeHost(), {
        command: { id: name, name, specification: { format: 'PKCS7/JSON', payload } },
        fetchBundle: () => serve(bundleOf(''))({ bucket: 'b', key: 'k', bundleType: 'zip' }, {}),
        service: {
          acknowledge: () => Promise.resolve('InProgress'),
          complete: (_id, completion) => Promise.resolve(void completions.push(completion)),
        },
      })
    }
    expect(completions.at(-1)?.diagnostics.message).toMatch(/leads out of the revision/)
  })

  test('archive-zip-through-symlink: an archive that tries to leave its folder is refused (ours: a rehearsal is safe)', async () => {
    expect(await differencesOf('archive-zip-through-symlink')).toMatch(/evil.txt: null instead of/)
  })

  test('everything else is as it was recorded', async () => {
    const departing = new Set([
      'mode-0644-unquoted',
      'fail-signal-kill',
      'fail-signal-term',
      'appspec-yaml-name',
      'prev-renamed-appspec',
      'appspec-os-windows',
    ])
    const accounts = findAccounts()
    // A sample, one in five: all of them are played under the other profile.
    const sample = vectors.filter(
      (vector, index) =>
        index % 5 === 0 &&
        !departing.has(vector.name) &&
        !vector.libraryDependent &&
        lacking(vector, accounts).length === 0,
    )
    for (const { name } of sample) {
      const left = (await differencesOf(name)).split('\n').filter((line) => line !== '' && !/completions of \w+: 1 instead of 2$/.test(line)) // prettier-ignore
      expect(`${name}: ${left.join('\n')}`).toBe(`${name}: `)
    }
  }, 120_000)
})
