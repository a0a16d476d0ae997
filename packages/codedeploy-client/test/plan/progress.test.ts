import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeploymentStatus, InstanceStatus, LifecycleEventReport, LifecycleEventStatus } from '../../src/model.ts'
import {
  advance,
  awaited,
  formatDuration,
  isEnded,
  isSettled,
  type DeploymentReading,
  type InstanceReading,
  type Progress,
  type Reading,
} from '../../src/plan/progress.ts'

const observedAt = '2026-01-02T03:30:00.000Z'
const time = (seconds: number) => new Date(Date.parse('2026-01-02T03:00:00.000Z') + seconds * 1_000).toISOString()

function deployment(status: DeploymentStatus, facts: Partial<DeploymentReading> = {}): DeploymentReading {
  return {
    deploymentId: 'd-1',
    application: 'shop',
    deploymentGroup: 'production',
    status,
    createdAt: time(0),
    autoRollback: [],
    hasPreviousRevision: true,
    ...facts,
  }
}

/** `host('a', 'in-progress', 'Install succeeded 1 2', 'ValidateService in-progress 2')` */
function host(id: string, status: InstanceStatus, ...events: readonly string[]): InstanceReading {
  return { id, status, events: events.map(readEvent) }
}

function readEvent(words: string): LifecycleEventReport {
  const [event = '', status, from, to] = words.split(' ')
  return {
    event,
    status: status as LifecycleEventStatus,
    startedAt: from === undefined ? undefined : time(Number(from)),
    endedAt: to === undefined ? undefined : time(Number(to)),
    durationMs: to === undefined ? undefined : (Number(to) - Number(from)) * 1_000,
  }
}

/** What a person reads of the events of several polls. */
function tell(...readings: readonly Reading[]): readonly string[] {
  return play(readings).summaries
}

function play(readings: readonly Reading[]): { readonly progress: Progress | undefined; readonly summaries: string[] } {
  let progress: Progress | undefined
  const summaries: string[] = []
  for (const reading of readings) {
    const step = advance(progress, reading, observedAt)
    progress = step.progress
    summaries.push(...step.events.map(({ summary }) => summary.replace('d-1 ', '')))
  }
  return { progress, summaries }
}

describe(advance.name, () => {
  const rows: readonly [string, readonly Reading[], readonly string[]][] = [
    [
      'the first poll tells where the deployment stands',
      [{ deployment: deployment('created'), instances: [] }],
      ['created'],
    ],
    [
      'a poll that shows nothing new tells nothing',
      [
        { deployment: deployment('in-progress'), instances: [host('a', 'in-progress', 'Install in-progress 1')] },
        { deployment: deployment('in-progress'), instances: [host('a', 'in-progress', 'Install in-progress 1')] },
      ],
      ['in-progress', 'a in-progress', 'a Install in-progress'],
    ],
    [
      'what is pending is not told',
      [{ deployment: deployment('queued'), instances: [host('a', 'pending', 'Install pending')] }],
      ['queued'],
    ],
    [
      'an event that began and ended between two polls is told once, with its duration',
      [
        { deployment: deployment('in-progress'), instances: [host('a', 'pending', 'Install pending')] },
        { deployment: deployment('in-progress'), instances: [host('a', 'succeeded', 'Install succeeded 1 3')] },
      ],
      ['in-progress', 'a Install succeeded in 2.0 s', 'a succeeded'],
    ],
    [
      'what was skipped is told without a duration',
      [{ deployment: deployment('in-progress'), instances: [host('a', 'skipped', 'Install skipped')] }],
      ['in-progress', 'a Install skipped', 'a skipped'],
    ],
    [
      'the hosts’ events come in the order of their times',
      [
        {
          deployment: deployment('in-progress'),
          instances: [
            host('a', 'in-progress', 'Install succeeded 1 5', 'ValidateService in-progress 6'),
            host('b', 'in-progress', 'Install succeeded 2 3', 'ValidateService in-progress 4'),
          ],
        },
      ],
      [
        'in-progress',
        'b in-progress',
        'b Install succeeded in 1.0 s',
        'b ValidateService in-progress',
        'a in-progress',
        'a Install succeeded in 4.0 s',
        'a ValidateService in-progress',
      ],
    ],
    [
      'a host keeps its own order, whatever its clock says',
      [
        {
          deployment: deployment('in-progress'),
          instances: [host('a', 'in-progress', 'Install succeeded 8 9', 'ValidateService in-progress 3')],
        },
      ],
      ['in-progress', 'a in-progress', 'a Install succeeded in 1.0 s', 'a ValidateService in-progress'],
    ],
    [
      'the end of the deployment comes last, with its reason',
      [
        {
          deployment: deployment('failed', { reason: { code: 'HEALTH_CONSTRAINTS', message: 'too many failed' } }),
          instances: [host('a', 'failed', 'Install failed 1 2')],
        },
      ],
      ['a Install failed in 1.0 s', 'a failed', 'failed: HEALTH_CONSTRAINTS (too many failed)'],
    ],
    [
      'an older answer takes nothing back',
      [
        { deployment: deployment('in-progress'), instances: [host('a', 'succeeded', 'Install succeeded 1 2')] },
        { deployment: deployment('created'), instances: [host('a', 'in-progress', 'Install in-progress 1')] },
        { deployment: deployment('in-progress'), instances: [host('a', 'succeeded', 'Install succeeded 1 2')] },
      ],
      ['in-progress', 'a Install succeeded in 1.0 s', 'a succeeded'],
    ],
    [
      'an end stays the end',
      [
        { deployment: deployment('failed'), instances: [] },
        { deployment: deployment('in-progress'), instances: [] },
      ],
      ['failed'],
    ],
    [
      'a host that one answer leaves out is not told again',
      [
        { deployment: deployment('in-progress'), instances: [host('a', 'succeeded', 'Install succeeded 1 2')] },
        { deployment: deployment('in-progress'), instances: [] },
        { deployment: deployment('in-progress'), instances: [host('a', 'succeeded', 'Install succeeded 1 2')] },
      ],
      ['in-progress', 'a Install succeeded in 1.0 s', 'a succeeded'],
    ],
    [
      'a blue/green deployment goes from ready back to in-progress',
      [
        { deployment: deployment('in-progress'), instances: [] },
        { deployment: deployment('ready'), instances: [] },
        { deployment: deployment('in-progress'), instances: [] },
        { deployment: deployment('succeeded'), instances: [] },
      ],
      ['in-progress', 'ready', 'in-progress', 'succeeded'],
    ],
  ]

  test.each(rows)('%s', (_, readings, summaries) => {
    expect(tell(...readings)).toEqual(summaries)
  })

  test('an event says when CodeDeploy says it happened, and otherwise when it was seen', () => {
    const instances = [
      host('a', 'failed', 'Install succeeded 1 2', 'AfterInstall in-progress 2', 'ValidateService failed'),
    ]
    const { events } = advance(undefined, { deployment: deployment('in-progress'), instances }, observedAt)
    expect(events.map(({ at }) => at)).toEqual([time(0), time(2), time(2), observedAt, observedAt])
  })

  test('a failed event carries its diagnostics, and its line names the script', () => {
    const diagnostics = { errorCode: 'ScriptFailed', scriptName: 'hooks/a.sh', message: 'exit code 1', logTail: 'x\n' }
    const instances = [{ ...host('a', 'failed'), events: [{ ...readEvent('Install failed 1 2'), diagnostics }] }]
    const { events } = advance(undefined, { deployment: deployment('in-progress'), instances }, observedAt)
    expect(events[1]).toMatchObject({
      type: 'deployment.lifecycle-event',
      deploymentId: 'd-1',
      instance: 'a',
      event: 'Install',
      status: 'failed',
      durationMs: 1_000,
      diagnostics,
      summary: 'd-1 a Install failed in 1.0 s (ScriptFailed hooks/a.sh: exit code 1)',
    })
  })

  test('whatever the answers, each status of an event is told at most once and nothing follows an end', () => {
    const statuses = fc.constantFrom<LifecycleEventStatus[]>('pending', 'in-progress', 'succeeded', 'failed', 'skipped')
    const instance = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      status: statuses,
      events: fc.uniqueArray(fc.record({ event: fc.constantFrom('Install', 'ValidateService'), status: statuses }), {
        selector: ({ event }) => event,
      }),
    })
    const reading = fc.record({
      deployment: fc
        .constantFrom<DeploymentStatus[]>('created', 'queued', 'in-progress', 'succeeded', 'failed')
        .map((status) => deployment(status)),
      instances: fc.uniqueArray(instance, { selector: ({ id }) => id }),
    })
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 8 }), (readings) => {
        const told = play(readings).summaries
        expect(new Set(told).size).toBe(told.length)
        for (const subject of ['a', 'b', 'c', 'a Install', 'b ValidateService']) {
          const ends = told.filter((line) =>
            ['succeeded', 'failed', 'skipped'].some((end) => line === `${subject} ${end}`),
          )
          expect(ends.length).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  test('an answer is not changed', () => {
    const reading = {
      deployment: deployment('in-progress'),
      instances: [host('a', 'in-progress', 'Install in-progress 1')],
    }
    const before = structuredClone(reading)
    const { progress } = advance(undefined, reading, observedAt)
    advance(progress, reading, observedAt)
    expect(reading).toEqual(before)
  })
})

describe(awaited.name, () => {
  const failed = host('a', 'failed', 'Install failed 1 2', 'ValidateService pending')
  const rows: readonly [string, Progress, string][] = [
    [
      'nothing after a success on every host',
      { deployment: deployment('succeeded'), instances: [host('a', 'succeeded')] },
      'nothing',
    ],
    [
      'the last events of a success',
      { deployment: deployment('succeeded'), instances: [host('a', 'in-progress')] },
      'details',
    ],
    ['nothing after a failure that is explained', { deployment: deployment('failed'), instances: [failed] }, 'nothing'],
    ['the cause of a failure', { deployment: deployment('failed'), instances: [host('a', 'failed')] }, 'details'],
    ['nothing after a failure without hosts', { deployment: deployment('failed'), instances: [] }, 'nothing'],
    [
      'the rollback that was asked for on failure',
      { deployment: deployment('failed', { autoRollback: ['failure'] }), instances: [failed] },
      'announced-rollback',
    ],
    [
      'no rollback on failure where it was asked for on alarms',
      { deployment: deployment('failed', { autoRollback: ['alarm'] }), instances: [failed] },
      'nothing',
    ],
    [
      'the rollback that an alarm asks for',
      {
        deployment: deployment('stopped', { autoRollback: ['alarm'], reason: { code: 'ALARM_ACTIVE' } }),
        instances: [],
      },
      'announced-rollback',
    ],
    [
      'no rollback where there was no revision before',
      {
        deployment: deployment('failed', { autoRollback: ['failure'], hasPreviousRevision: false }),
        instances: [failed],
      },
      'nothing',
    ],
    [
      'nothing once the rollback is known',
      {
        deployment: deployment('failed', { autoRollback: ['failure'], rollback: { deploymentId: 'd-2' } }),
        instances: [failed],
      },
      'nothing',
    ],
    [
      'a rollback that a stop may have asked for',
      { deployment: deployment('stopped'), instances: [] },
      'possible-rollback',
    ],
  ]

  test.each(rows)('awaits %s', (_, progress, expected) => {
    expect(awaited(progress)).toBe(expected)
  })
})

test.each<[DeploymentStatus, boolean]>([
  ['created', false],
  ['queued', false],
  ['in-progress', false],
  ['baking', false],
  ['ready', false],
  ['unknown', false],
  ['succeeded', true],
  ['failed', true],
  ['stopped', true],
])('a deployment that is %s has ended: %s', (status, expected) => {
  expect(isEnded(status)).toBe(expected)
})

test('a host is settled when it and all its events have ended', () => {
  expect(isSettled(host('a', 'succeeded', 'Install succeeded 1 2'))).toBe(true)
  expect(isSettled(host('a', 'failed', 'Install failed 1 2', 'ValidateService pending'))).toBe(false)
  expect(isSettled(host('a', 'in-progress', 'Install succeeded 1 2'))).toBe(false)
})

test.each([
  [0, '0 ms'],
  [340, '340 ms'],
  [4_200, '4.2 s'],
  [200_000, '3 min 20 s'],
  [43_200_000, '720 min 0 s'],
])('%i milliseconds read %s', (ms, words) => {
  expect(formatDuration(ms)).toBe(words)
})
