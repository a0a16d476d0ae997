import { describe, expect, test } from 'vitest'
import { abandonedFolderName, identityIn, isLeftBehind, parseJournal, workFolderName } from '../../src/plan/journal.ts'

const self = { pid: 100, startTicks: '5', boot: 'aa', pidNamespace: '7' }
const facts = { self, found: { startTicks: '5' }, ageMs: 0, maxAgeMs: 1_000 }

describe('a working folder', () => {
  test('says whose it is by its name', () => {
    expect(identityIn(workFolderName(self, 'beef'))).toEqual(self)
    expect(identityIn(abandonedFolderName('beef'))).toMatchObject({ pid: 0 })
    for (const name of ['.fairlead-inject-', '.fairlead-inject-1-2-x-3-4', '.fairlead-inject-1-2-a-3-4/..', 'x']) {
      expect(identityIn(name)).toBeUndefined()
    }
  })

  test.each([
    ['its process lives', self, facts, false],
    ['its process is gone', self, { ...facts, found: undefined }, true],
    ['its pid belongs to a later process', self, { ...facts, found: { startTicks: '6' } }, true],
    ['start times are not known here', { ...self, startTicks: '0' }, { ...facts, found: { startTicks: '6' } }, false],
    ['the machine was started again', { ...self, boot: 'bb' }, facts, true],
    ['its run gave it up', { ...self, pid: 0 }, facts, true],
    [
      'it is of another pid namespace, and young',
      { ...self, pidNamespace: '8' },
      { ...facts, found: undefined },
      false,
    ],
    ['it is of another pid namespace, and old', { ...self, pidNamespace: '8' }, { ...facts, ageMs: 1_001 }, true],
  ])('%s: left behind or not', (_rule, owner, given, expected) => {
    expect(isLeftBehind(owner, given)).toBe(expected)
  })

  test('a journal that is not ours is refused', () => {
    expect(() => parseJournal('{"schema":"fairlead/injection-journal/2","files":[]}')).toThrow(
      expect.objectContaining({ code: 'INVALID_RECORD' }),
    )
  })
})
