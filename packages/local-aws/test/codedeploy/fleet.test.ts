import { CreateDeploymentConfigCommand } from '@aws-sdk/client-codedeploy'
import { describe, expect, test } from 'vitest'
import type { LocalAwsEvent, SimulatedHost } from '../../src/index.ts'
import { simulated } from './simulated.ts'

const isLong = process.env['FAIRLEAD_LONG'] !== undefined

/** `web-0000` and on. */
function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `web-${String(index).padStart(4, '0')}`)
}

/** Counts at each instant the hosts that are out of service: in progress, or failed in this deployment. */
function watchHealth(total: number) {
  const out = new Set<string>()
  let fewest = total
  let mostAtOnce = 0
  return {
    fewest: () => fewest,
    mostAtOnce: () => mostAtOnce,
    watch: (event: LocalAwsEvent) => {
      if (event.type !== 'codedeploy.host-status-changed') return
      if (event.status === 'InProgress' || event.status === 'Failed') out.add(event.host)
      else out.delete(event.host)
      fewest = Math.min(fewest, total - out.size)
      mostAtOnce = Math.max(mostAtOnce, out.size)
    },
  }
}

/** Two turns of the event loop for each hook, so that hosts really run side by side. */
const answerLater: SimulatedHost['answer'] = async () => {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}

describe('a fleet of 1,000 hosts, whose hooks are answered in this process', () => {
  const total = 1000
  const configs = [
    ['CodeDeployDefault.HalfAtATime', undefined, 500],
    ...(isLong
      ? ([
          ['keep-950', { type: 'HOST_COUNT', value: 950 }, 950],
          ['keep-90-percent', { type: 'FLEET_PERCENT', value: 90 }, 900],
          ['CodeDeployDefault.AllAtOnce', undefined, 0],
        ] as const)
      : []),
  ] as const

  for (const [deploymentConfigName, minimumHealthyHosts, minimum] of configs) {
    test(
      `${deploymentConfigName} leaves ${minimum} healthy at every instant, and takes as many as it may`,
      { timeout: 120_000 },
      async () => {
        const health = watchHealth(total)
        const run = await simulated({
          simulatedHosts: names(total).map((name) => ({ name, answer: answerLater })),
          applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: names(total) }] }],
          onEvent: health.watch,
        })
        if (minimumHealthyHosts) {
          await run.client.send(new CreateDeploymentConfigCommand({ deploymentConfigName, minimumHealthyHosts }))
        }
        const started = performance.now()
        const id = await run.deploy('v1.zip', { deploymentConfigName })
        await run.aws.whenIdle()
        const seconds = (performance.now() - started) / 1000
        expect(await run.info(id)).toMatchObject({
          status: 'Succeeded',
          deploymentOverview: { Succeeded: total, Failed: 0, Pending: 0, InProgress: 0, Skipped: 0 },
        })
        expect(health.fewest()).toBeGreaterThanOrEqual(minimum)
        expect(health.mostAtOnce()).toBe(total - minimum)
        const targets = await run.targets(id)
        expect(new Set(targets.map(({ targetId }) => targetId)).size).toBe(total)
        // The bar is 30 s and 512 MiB; a busy machine is no reason to fail.
        console.log(
          `fleet of ${total}, ${deploymentConfigName}: ${seconds.toFixed(1)} s, ` +
            `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB resident`,
        )
      },
    )
  }

  test(
    'one host in ten fails: the minimum holds, nobody is started who would break it, and the deployment fails',
    { timeout: 120_000 },
    async () => {
      const health = watchHealth(total)
      const run = await simulated({
        simulatedHosts: names(total).map((name, index) => ({
          name,
          answer: async (event) => {
            await answerLater(event, { signal: new AbortController().signal })
            return index % 10 === 9 && event.event === 'ValidateService' ? {} : undefined
          },
        })),
        applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: names(total) }] }],
        onEvent: health.watch,
      })
      const minimumHealthyHosts = { type: 'HOST_COUNT', value: 950 } as const
      await run.client.send(new CreateDeploymentConfigCommand({ deploymentConfigName: 'keep', minimumHealthyHosts }))
      const id = await run.deploy('v1.zip', { deploymentConfigName: 'keep' })
      await run.aws.whenIdle()
      expect(health.fewest()).toBe(950)
      expect(await run.info(id)).toMatchObject({
        status: 'Failed',
        errorInformation: { code: 'HEALTH_CONSTRAINTS' },
        deploymentOverview: { Failed: 50, Pending: 0, InProgress: 0 },
      })
    },
  )
})
