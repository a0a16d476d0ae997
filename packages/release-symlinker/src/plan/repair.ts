import type { InstalledReleases } from '../model.ts'
import type { Operation, Step } from './activate.ts'

/** What a repair has to know of a host. */
export interface RepairView {
  readonly installed: InstalledReleases
  /** Lines of the history that cannot be read. */
  readonly damagedLines: number
  /** Releases whose record cannot be read, or that have none although they are ours, while their manifest can be read. */
  readonly lostRecords: readonly string[]
}

export interface PlanRepairOptions {
  /** Tells this run's names from any other's. */
  readonly token: string
}

export interface RepairPlan {
  /** In words, what each group of steps is for. */
  readonly reasons: readonly string[]
  /** What no step can put right. */
  readonly problems: readonly string[]
  readonly steps: readonly Step<RepairStepName>[]
}

export type RepairStepName =
  'keep-history' | 'write-history' | 'replace-history' | 'write-record' | 'link' | 'switch' | 'sync' | 'record'

/**
 * Plans what brings a host back to a state that the other verbs understand, whatever a killed run, a failing disk or a
 * person left. What is unfinished below the layout's names is swept before, by every verb.
 */
export function planRepair(
  { installed, damagedLines, lostRecords }: RepairView,
  options: PlanRepairOptions,
): RepairPlan {
  const { token } = options
  const verdict = judgeCurrent(installed)
  const history = damagedLines > 0 ? historySteps(token) : []
  return {
    reasons: [
      ...(damagedLines > 0 ? [`${damagedLines} lines of the history could not be read and were set aside`] : []),
      ...lostRecords.map((name) => `the record of ${name} was written anew, from its manifest`),
      ...(verdict.reason === undefined ? [] : [verdict.reason]),
    ],
    problems: verdict.problem === undefined ? [] : [verdict.problem],
    steps: [
      ...history,
      ...lostRecords.map((name): Step<RepairStepName> => ({
        name: 'write-record',
        do: { call: 'write', path: `.fairlead/releases/${name}.json` },
        undo: [],
        durableAfter: 'write-record',
        blames: 'host',
      })),
      ...(verdict.to === undefined ? [] : switchSteps(installed, verdict.to, token)),
      ...(verdict.outcome === undefined
        ? []
        : [
            {
              name: 'record',
              do: { call: 'append', path: '.fairlead/history.jsonl', outcome: verdict.outcome },
              undo: [],
              durableAfter: 'record',
              blames: 'host',
            } as const,
          ]),
    ],
  }
}

interface Verdict {
  /** The release that `current` has to lead to. Left out: it stays. */
  readonly to?: string
  readonly outcome?: 'activated' | 'rolled-back' | 'cancelled'
  readonly reason?: string
  readonly problem?: string
}

function judgeCurrent(installed: InstalledReleases): Verdict {
  const { current, currentLink, recorded, settled, previous, earlier, releases } = installed
  if (current === undefined) {
    const what =
      currentLink === undefined ? 'there was no link current' : `current led to ${currentLink}, where nothing is`
    const to = recorded ?? previous
    if (to !== undefined) {
      return { to, ...(to === recorded ? {} : { outcome: 'rolled-back' }), reason: `${what}: ${to} is live again` }
    }
    // A host that never had a live release has nothing to put right.
    return currentLink === undefined ? {} : { problem: `${what}, and no release was ever live: deploy one` }
  }
  if (settled || recorded === undefined) return {}
  const isOurs = releases.find(({ name }) => name === current)?.commit !== undefined
  if (!isOurs) {
    return { outcome: 'activated', reason: `another tool made ${current} live: the history has it now` }
  }
  // Going back leaves what the history has live out of what lies before `current`; going on does not.
  if (!earlier.includes(recorded)) {
    return { outcome: 'rolled-back', reason: `a rollback to ${current} was stopped behind its switch: it is recorded` }
  }
  return {
    to: recorded,
    outcome: 'cancelled',
    reason: `an activation was stopped before ${current} had proved itself: ${recorded} is live again`,
  }
}

function historySteps(token: string): readonly Step<RepairStepName>[] {
  const [path, aside, temporary] = [
    '.fairlead/history.jsonl',
    `.fairlead/history.damaged-${token}.jsonl`,
    `.fairlead/history-${token}`,
  ]
  return [
    {
      name: 'keep-history',
      do: { call: 'link', from: path, to: aside },
      undo: [{ call: 'unlink', path: aside }],
      durableAfter: 'sync',
      blames: 'host',
    },
    {
      name: 'write-history',
      do: { call: 'write', path: temporary },
      undo: [{ call: 'unlink', path: temporary }],
      durableAfter: 'write-history',
      blames: 'host',
    },
    {
      name: 'replace-history',
      do: { call: 'rename', from: temporary, to: path },
      undo: [
        { call: 'link', from: aside, to: temporary },
        { call: 'rename', from: temporary, to: path },
      ],
      durableAfter: 'sync',
      blames: 'host',
    },
    sync('.fairlead'),
  ]
}

function switchSteps({ currentLink }: InstalledReleases, to: string, token: string): readonly Step<RepairStepName>[] {
  const temporary = `.current-${token}`
  const back: readonly Operation[] =
    currentLink === undefined
      ? [{ call: 'unlink', path: 'current' }]
      : [
          { call: 'symlink', target: currentLink, path: temporary },
          { call: 'rename', from: temporary, to: 'current' },
        ]
  return [
    {
      name: 'link',
      do: { call: 'symlink', target: `releases/${to}`, path: temporary },
      undo: [{ call: 'unlink', path: temporary }],
      durableAfter: 'sync',
      blames: 'host',
    },
    {
      name: 'switch',
      do: { call: 'rename', from: temporary, to: 'current' },
      undo: [...back, { call: 'fsync', path: '.' }],
      durableAfter: 'sync',
      blames: 'host',
    },
    sync('.'),
  ]
}

function sync(path: string): Step<RepairStepName> {
  return { name: 'sync', do: { call: 'fsync', path }, undo: [], durableAfter: 'sync', blames: 'host' }
}
