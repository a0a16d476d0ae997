import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxDescriptionLength, maxRunTokenLength } from '../../src/limits.ts'
import { describeRun, isRunToken, roomForDescription, runTokenIn } from '../../src/plan/run-token.ts'

const commit = 'a'.repeat(64)
const tokens = fc.stringMatching(/^[A-Za-z0-9._:/+=@-]{1,64}$/)

test('a token comes back from the description that holds it, whatever else is in there', () => {
  fc.assert(
    fc.property(tokens, fc.string(), (runToken, description) => {
      expect(isRunToken(runToken)).toBe(true)
      expect(runTokenIn(describeRun({ runToken, commit, description }))).toBe(runToken)
    }),
  )
})

test.each([
  ['', false],
  ['a', true],
  ['x'.repeat(maxRunTokenLength), true],
  ['x'.repeat(maxRunTokenLength + 1), false],
  ['build 42', false],
  ['build\n42', false],
  ['https://ci.example.com/job/shop/42', true],
])('%j is a token: %s', (token, expected) => {
  expect(isRunToken(token)).toBe(expected)
})

test.each([undefined, '', 'by hand', 'not fairlead run=a commit=b', 'fairlead run= commit=b'])(
  'a description of somebody else holds no token: %j',
  (description) => {
    expect(runTokenIn(description)).toBeUndefined()
  },
)

test('a description that fills its room is as long as CodeDeploy allows', () => {
  const run = { runToken: 'x'.repeat(maxRunTokenLength), commit }
  const description = 'y'.repeat(roomForDescription(run))
  expect(describeRun({ ...run, description })).toHaveLength(maxDescriptionLength)
  expect(description.length).toBeGreaterThan(100)
})

test('an empty description leaves no space behind', () => {
  expect(describeRun({ runToken: 't', commit, description: '' })).toBe(`fairlead run=t commit=${commit}`)
})
