import { describe, expect, test } from 'vitest'
import type { MinimumHealthyHosts } from '../../../src/codedeploy/model.ts'
import { healthConstraints, minimumHealthy, nextHosts, type Fleet } from '../../../src/codedeploy/plan/next-hosts.ts'

const oneAtATime: MinimumHealthyHosts = { type: 'MOST_CONCURRENCY', value: 1 }
const halfAtATime: MinimumHealthyHosts = { type: 'FLEET_PERCENT', value: 50 }
const allAtOnce: MinimumHealthyHosts = { type: 'FLEET_PERCENT', value: 0 }
const hosts = (value: number): MinimumHealthyHosts => ({ type: 'HOST_COUNT', value })
const percent = (value: number): MinimumHealthyHosts => ({ type: 'FLEET_PERCENT', value })

/** [pending, in progress, succeeded, failed] */
type Counts = readonly [number, number, number, number]
function fleet([pending, inProgress, succeeded, failed]: Counts): Fleet {
  return { pending, inProgress, succeeded, failed }
}

describe('what comes next', () => {
  const rows: readonly (readonly [string, MinimumHealthyHosts, Counts, string])[] = [
    ['one at a time begins with one of nine', oneAtATime, [9, 0, 0, 0], 'start 1'],
    ['one at a time waits while one runs', oneAtATime, [8, 1, 0, 0], 'wait'],
    ['one at a time goes on after a success', oneAtATime, [8, 0, 1, 0], 'start 1'],
    ['one at a time fails at the first failure', oneAtATime, [8, 0, 0, 1], 'fail'],
    ['one at a time fails at the failure of the last but one', oneAtATime, [1, 0, 7, 1], 'fail'],
    ['one at a time succeeds though the last host fails', oneAtATime, [0, 0, 8, 1], 'succeed'],
    ['one at a time of two succeeds though the second fails', oneAtATime, [0, 0, 1, 1], 'succeed'],
    ['one at a time of two fails when the first fails', oneAtATime, [1, 0, 0, 1], 'fail'],
    ['one at a time of one runs it', oneAtATime, [1, 0, 0, 0], 'start 1'],
    ['one at a time of one succeeds with it', oneAtATime, [0, 0, 1, 0], 'succeed'],
    ['one at a time of one fails with it', oneAtATime, [0, 0, 0, 1], 'fail'],
    ['half of nine begins with four, rounded down', halfAtATime, [9, 0, 0, 0], 'start 4'],
    ['half of nine starts another as one ends', halfAtATime, [5, 3, 1, 0], 'start 1'],
    ['half of nine does not make up for a failed one', halfAtATime, [5, 3, 0, 1], 'wait'],
    ['half of nine succeeds with five', halfAtATime, [0, 0, 5, 4], 'succeed'],
    ['half of nine fails once four have failed and others remain', halfAtATime, [1, 0, 4, 4], 'fail'],
    ['half of nine cannot succeed with four', halfAtATime, [0, 0, 4, 5], 'fail'],
    ['half of two begins with one', halfAtATime, [2, 0, 0, 0], 'start 1'],
    ['half of one demands one healthy host and can take none', halfAtATime, [1, 0, 0, 0], 'invalid'],
    ['all at once begins with all', allAtOnce, [9, 0, 0, 0], 'start 9'],
    ['all at once succeeds with a single one', allAtOnce, [0, 0, 1, 8], 'succeed'],
    ['all at once waits for the last', allAtOnce, [0, 1, 0, 8], 'wait'],
    ['all at once fails when all fail', allAtOnce, [0, 0, 0, 9], 'fail'],
    ['six of nine begins with three (AWS example)', hosts(6), [9, 0, 0, 0], 'start 3'],
    ['40 % of nine begins with five (AWS example)', percent(40), [9, 0, 0, 0], 'start 5'],
    ['40 % of nine succeeds with four (AWS example)', percent(40), [0, 0, 4, 5], 'succeed'],
    ['40 % of nine fails with three', percent(40), [0, 0, 3, 6], 'fail'],
    ['85 % of ten begins with one (AWS example)', percent(85), [10, 0, 0, 0], 'start 1'],
    ['85 % of ten fails at a single failure (AWS example)', percent(85), [9, 0, 0, 1], 'fail'],
    ['zero hosts still demands one success', hosts(0), [0, 0, 0, 3], 'fail'],
    ['as many as there are can never begin', hosts(3), [3, 0, 0, 0], 'invalid'],
    ['100 % can never begin', percent(100), [3, 0, 0, 0], 'invalid'],
    ['a group without hosts fails', oneAtATime, [0, 0, 0, 0], 'none'],
  ]

  test.each(rows)('%s', (_name, minimum, counts, expected) => {
    const next = nextHosts(fleet(counts), minimum)
    const code = next.do === 'fail' ? next.error.code : undefined
    const word = {
      HEALTH_CONSTRAINTS: 'fail',
      HEALTH_CONSTRAINTS_INVALID: 'invalid',
      NO_INSTANCES: 'none',
    }[code as string]
    expect(word ?? (next.do === 'start' ? `start ${next.count}` : next.do)).toBe(expected)
  })

  test('a failure has the sentence of AWS', () => {
    expect(nextHosts(fleet([0, 0, 0, 1]), oneAtATime)).toEqual({ do: 'fail', error: healthConstraints })
    expect(healthConstraints.message).toMatch(/^The overall deployment failed because too many individual instances/)
  })

  test('for every fleet, minimum and outcome: it ends, and never leaves fewer healthy than the minimum', () => {
    for (let total = 1; total <= 6; total++) {
      const minima = [oneAtATime, ...[0, 10, 34, 50, 67, 99].map(percent), ...[0, 1, 2, 3].map(hosts)]
      for (const minimum of minima) {
        for (let outcomes = 0; outcomes < 2 ** total; outcomes++) {
          let [pending, inProgress, succeeded, failed] = [total, 0, 0, 0]
          for (let step = 0; ; step++) {
            expect(step).toBeLessThan(4 * total + 2)
            const next = nextHosts({ pending, inProgress, succeeded, failed }, minimum)
            if (next.do === 'succeed' || next.do === 'fail') {
              expect(inProgress).toBe(0)
              const enough = succeeded >= Math.max(1, minimumHealthy(total, minimum)) && pending === 0
              expect(next.do).toBe(enough ? 'succeed' : 'fail')
              break
            }
            if (next.do === 'start') {
              pending -= next.count
              inProgress += next.count
              expect(total - failed - inProgress).toBeGreaterThanOrEqual(minimumHealthy(total, minimum))
            } else {
              const good = (outcomes >> (succeeded + failed)) % 2 === 0
              inProgress -= 1
              if (good) succeeded += 1
              else failed += 1
            }
          }
        }
      }
    }
  })
})
