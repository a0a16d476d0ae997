import { describe, expect, test } from 'vitest'
import { answers, planFetch, problemOfBatch } from '../../src/plan/batches.ts'

const names = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `s${index}` }))
const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/env'

describe('planFetch', () => {
  test.each([
    ['nothing', 0, [], 0],
    ['one id needs no batch, and no permission for one', 1, [], 1],
    ['twenty ids are one call', 20, [20], 0],
    ['a batch of one is a single call', 21, [20], 1],
    ['45 ids are three calls', 45, [20, 20, 5], 0],
  ])('%s', (_rule, count, batches, singles) => {
    const plan = planFetch(names(count))
    expect(plan.batches.map((batch) => batch.length)).toEqual(batches)
    expect(plan.singles).toHaveLength(singles)
    expect([...plan.batches.flat(), ...plan.singles]).toEqual(names(count))
  })

  test('a pinned id is asked for alone, since a batch has no version selector', () => {
    const plan = planFetch([...names(2), { name: 'p', versionId: 'v' }, { name: 'q', versionStage: 'AWSPREVIOUS' }])
    expect(plan.batches).toEqual([names(2)])
    expect(plan.singles.map(({ name }) => name)).toEqual(['p', 'q'])
  })
})

describe('answers', () => {
  test.each([
    ['the name', 'shop/env', { name: 'shop/env', arn: `${arn}-AbCdEf` }, true],
    ['the ARN', `${arn}-AbCdEf`, { name: 'shop/env', arn: `${arn}-AbCdEf` }, true],
    ['the ARN without its suffix', arn, { name: 'shop/env', arn: `${arn}-AbCdEf` }, true],
    ['the ARN of a secret whose name goes on', arn, { name: 'shop/env-prod', arn: `${arn}-prod-AbCdEf` }, false],
    ['another name', 'shop', { name: 'shop/env', arn: `${arn}-AbCdEf` }, false],
    ['nothing', 'shop', {}, false],
  ])('%s', (_what, id, answer, expected) => {
    expect(answers(id, answer)).toBe(expected)
  })
})

describe('problemOfBatch', () => {
  const answer = (name: string) => ({ name, arn: `arn:aws:secretsmanager:x:1:secret:${name}-AbCdEf` })
  test.each([
    ['every id once, in any order', ['a', 'b'], [answer('b'), answer('a')], undefined],
    ['a secret that was asked for by name and ARN, answered once', ['a', answer('a').arn], [answer('a')], undefined],
    ['and answered twice', ['a', answer('a').arn], [answer('a'), answer('a')], undefined],
    ['an id without an answer', ['a', 'b'], [answer('a')], 'the secret is not in it'],
    ['an id with two', ['a', 'b'], [answer('a'), answer('a'), answer('b')], 'the secret is in it more than once'],
    [
      'an id with a value and a failure',
      ['a'],
      [answer('a'), { name: 'a', arn: 'a' }],
      'the secret is in it more than once',
    ],
    ['an answer that nobody asked for', ['a'], [answer('a'), answer('c')], 'a secret is in it that was not asked for'],
  ])('%s', (_rule, ids, found, problem) => {
    expect(problemOfBatch(ids, found)?.problem).toBe(problem)
  })
})
