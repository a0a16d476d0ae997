import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { planActivation, type ActivationView, type Operation, type Step } from '../../src/plan/activate.ts'

const token = '0123456789abcdef'
const everything = { token, prepare: true, check: true, reload: true, probe: { url: 'http://127.0.0.1/health' } }
const hosts = {
  empty: { settled: true },
  'with a live release': { current: 'old', currentLink: 'releases/old', previous: 'older', settled: true },
  'with one made by Capistrano': {
    current: '20260102030405',
    currentLink: '/srv/releases/20260102030405',
    settled: false,
  },
  'left by a run that was killed after its switch': {
    current: 'new',
    currentLink: 'releases/new',
    recorded: 'old',
    previous: 'old',
    settled: false,
  },
  'left by a rollback that was killed after its switch': {
    current: 'new',
    currentLink: 'releases/new',
    recorded: 'newer',
    previous: 'old',
    settled: false,
  },
  'taken over from another tool and killed after the switch': {
    current: 'new',
    currentLink: 'releases/new',
    previous: 'old',
    settled: false,
  },
  'left by a first activation that was killed': { current: 'new', currentLink: 'releases/new', settled: false },
  'with a dangling link': { currentLink: 'releases/gone', settled: true },
} as const satisfies Record<string, ActivationView>

const cases = Object.entries<ActivationView>(hosts).flatMap(([host, view]) =>
  [{ token }, everything].map((options) => [host, Object.keys(options).length > 1, view, options] as const),
)

const names = (steps: readonly Step[]) => steps.map(({ name }) => name)
const undoOf = (view: ActivationView, options: Partial<typeof everything> = {}) =>
  planActivation(view, { to: 'new', token, ...options }).steps.find(({ name }) => name === 'switch')?.undo

test('every step that was asked for comes in its place', () => {
  expect(names(planActivation(hosts['with a live release'], { to: 'new', ...everything }).steps)).toEqual([
    'prepare',
    'check',
    'link',
    'switch',
    'sync',
    'reload',
    'confirm',
    'probe',
    'record',
  ])
})

test('without anything of the caller it is a link, a rename, an fsync, a look and a line of history', () => {
  const { steps, from } = planActivation(hosts['with a live release'], { to: 'new', token })
  expect(from).toBe('old')
  expect(steps.map((step) => step.do)).toEqual([
    { call: 'symlink', target: 'releases/new', path: `.current-${token}` },
    { call: 'rename', from: `.current-${token}`, to: 'current' },
    { call: 'fsync', path: '.' },
    { call: 'readlink', path: 'current', expect: 'releases/new' },
    { call: 'append', path: '.fairlead/history.jsonl', outcome: 'activated' },
  ])
})

test('a release that is live and has proved itself needs nothing', () => {
  const view = { current: 'new', currentLink: 'releases/new', settled: true }
  expect(planActivation(view, { to: 'new', ...everything })).toEqual({ from: 'new', to: 'new', steps: [] })
})

test('one that is live and has not proved itself goes through all steps again', () => {
  const { from, steps } = planActivation(hosts['left by a run that was killed after its switch'], {
    to: 'new',
    ...everything,
  })
  expect(from).toBe('old')
  expect(steps).toHaveLength(9)
})

describe('the way back', () => {
  test('is the very text that the link had, with the workers told when it is back', () => {
    expect(undoOf(hosts['with one made by Capistrano'], { reload: true })).toEqual([
      { call: 'symlink', target: '/srv/releases/20260102030405', path: `.current-${token}` },
      { call: 'rename', from: `.current-${token}`, to: 'current' },
      { call: 'fsync', path: '.' },
      { call: 'reload', release: '20260102030405' },
    ])
  })

  test('tells no workers where the caller tells none', () => {
    expect(undoOf(hosts['with a live release'])?.map(({ call }) => call)).toEqual(['symlink', 'rename', 'fsync'])
  })

  test('of a first release is to have no link', () => {
    expect(undoOf(hosts.empty, { reload: true })).toEqual([
      { call: 'unlink', path: 'current' },
      { call: 'fsync', path: '.' },
    ])
  })

  test('of a run that was killed after its switch is the release before', () => {
    expect(undoOf(hosts['left by a run that was killed after its switch'])?.[0]).toMatchObject({
      target: 'releases/old',
    })
  })

  test('of a rollback that was killed after its switch is the release that it came from', () => {
    expect(undoOf(hosts['left by a rollback that was killed after its switch'])?.[0]).toMatchObject({
      target: 'releases/newer',
    })
  })

  test('to a dangling link tells no workers: there is nothing to load', () => {
    const undo = undoOf(hosts['with a dangling link'], { reload: true })
    expect(undo?.map(({ call }) => call)).toEqual(['symlink', 'rename', 'fsync'])
  })
})

describe.each(cases)('on a host %s (everything asked for: %s)', (_host, _all, view, options) => {
  const { steps } = planActivation(view, { to: 'new', ...options })

  test('`current` is written by renames alone, so that no moment is without a link', () => {
    const writes = steps
      .map((step) => step.do)
      .filter((operation) => 'path' in operation && operation.path === 'current')
    expect(writes.map(({ call }) => call)).toEqual(['readlink'])
  })

  test('each step that writes names is durable after an fsync of their folder', () => {
    const folderOf = (operation: Operation) =>
      operation.call === 'rename'
        ? dirname(operation.to)
        : operation.call === 'symlink'
          ? dirname(operation.path)
          : undefined
    for (const [index, step] of steps.entries()) {
      const folder = folderOf(step.do)
      const durable = steps.findIndex(({ name }) => name === step.durableAfter)
      expect(durable).toBeGreaterThanOrEqual(index)
      if (folder === undefined) expect(step.durableAfter).toBe(step.name)
      else expect(steps[durable]?.do).toEqual({ call: 'fsync', path: folder })
    }
  })

  test('undone from any step on, it ends where it began, or before a run that was killed', () => {
    const links = (target: string | undefined) => new Map(target === undefined ? [] : [['current', target]])
    const before = view.recorded ?? view.previous
    const goal = view.current === 'new' ? before && `releases/${before}` : view.currentLink
    for (let stop = 0; stop <= steps.length; stop++) {
      const disk = links(view.currentLink)
      const done = steps.slice(0, stop)
      for (const step of done) apply(disk, step.do)
      for (const step of done.toReversed()) step.undo.forEach((operation) => apply(disk, operation))
      expect(disk).toEqual(links(done.some(({ name }) => name === 'switch') ? goal : view.currentLink))
    }
  })

  test('the record comes last: what a rollback may choose has passed everything', () => {
    expect(steps.at(-1)?.name).toBe('record')
  })
})

/** Links by their path, with rename(2), symlink(2) and unlink(2) as they are. */
function apply(links: Map<string, string>, operation: Operation): void {
  if (operation.call === 'symlink') {
    expect(links.has(operation.path)).toBe(false)
    links.set(operation.path, operation.target)
  } else if (operation.call === 'rename') {
    const target = links.get(operation.from)
    expect(target).toBeDefined()
    links.delete(operation.from)
    links.set(operation.to, target ?? '')
  } else if (operation.call === 'unlink') links.delete(operation.path)
}
