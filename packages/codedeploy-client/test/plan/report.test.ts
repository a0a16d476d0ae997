import { expect, test } from 'vitest'
import type { InstanceReport } from '../../src/model.ts'
import { firstFailure } from '../../src/plan/report.ts'

const failed = (id: string, event: string, endedAt?: string): InstanceReport => ({
  id,
  status: 'failed',
  events: [
    { event: 'Install', status: 'succeeded' },
    { event, status: 'failed', endedAt, diagnostics: { errorCode: 'ScriptFailed', scriptName: `${id}.sh` } },
  ],
})

test('the event that failed first explains a failure', () => {
  const instances = [
    failed('c', 'ValidateService'),
    failed('a', 'ValidateService', '2026-01-02T03:00:09.000Z'),
    failed('b', 'AfterInstall', '2026-01-02T03:00:04.000Z'),
  ]
  expect(firstFailure(instances)).toEqual({
    instance: 'b',
    event: 'AfterInstall',
    errorCode: 'ScriptFailed',
    scriptName: 'b.sh',
  })
})

test('nothing explains a failure in which no event failed', () => {
  expect(firstFailure([])).toBeUndefined()
  expect(
    firstFailure([{ id: 'a', status: 'skipped', events: [{ event: 'Install', status: 'skipped' }] }]),
  ).toBeUndefined()
})

test('an event that failed without diagnostics is named all the same', () => {
  const instances: InstanceReport[] = [{ id: 'a', status: 'failed', events: [{ event: 'Install', status: 'failed' }] }]
  expect(firstFailure(instances)).toEqual({ instance: 'a', event: 'Install', errorCode: 'UnknownError' })
})
