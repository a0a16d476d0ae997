import { expect, test } from 'vitest'
import type { Deployment } from '../../../src/codedeploy/model.ts'
import { eventsOf, phasesOf } from '../../../src/codedeploy/plan/lifecycle.ts'

const install = [
  'ApplicationStop',
  'DownloadBundle',
  'BeforeInstall',
  'Install',
  'AfterInstall',
  'ApplicationStart',
  'ValidateService',
]
const restart = ['ApplicationStop', 'ApplicationStart', 'ValidateService']
const block = ['BeforeBlockTraffic', 'BlockTraffic', 'AfterBlockTraffic']
const allow = ['BeforeAllowTraffic', 'AllowTraffic', 'AfterAllowTraffic']

const plain: Partial<Deployment> = { style: { type: 'IN_PLACE', option: 'WITHOUT_TRAFFIC_CONTROL' }, creator: 'user' }
const routed: Partial<Deployment> = { ...plain, style: { type: 'IN_PLACE', option: 'WITH_TRAFFIC_CONTROL' } }
const blueGreen: Partial<Deployment> = { ...plain, style: { type: 'BLUE_GREEN', option: 'WITH_TRAFFIC_CONTROL' } }
const back: Partial<Deployment> = { ...blueGreen, creator: 'codeDeployRollback' }

const rows: readonly (readonly [string, Partial<Deployment>, 'Blue' | 'Green' | undefined, readonly string[]])[] = [
  ['in place', plain, undefined, install],
  ['in place behind a load balancer', routed, undefined, [...block, ...install, ...allow]],
  ['a restart', { ...plain, restartOf: 'd-AAAAAAAAA' }, undefined, restart],
  [
    'a restart behind a load balancer',
    { ...routed, restartOf: 'd-AAAAAAAAA' },
    undefined,
    [...block, ...restart, ...allow],
  ],
  ['a rollback in place', { ...routed, creator: 'codeDeployRollback' }, undefined, [...block, ...install, ...allow]],
  ['an original host', blueGreen, 'Blue', block],
  ['its replacement', blueGreen, 'Green', [...install, ...allow]],
  ['an original host that gets its traffic back', back, 'Blue', allow],
  ['a replacement that loses it', back, 'Green', block],
]
for (const [title, fields, label, expected] of rows) {
  test(title, () => expect(eventsOf(fields as Deployment, label)).toEqual(expected))
}

test('replacements serve before an original host lets go, and in a changeover back the originals do', () => {
  const order = (fields: Partial<Deployment>) => phasesOf(fields as Deployment).map(({ label }) => label)
  expect(order(blueGreen)).toEqual(['Green', 'Green', 'Blue'])
  expect(order(back)).toEqual(['Blue', 'Green'])
})
