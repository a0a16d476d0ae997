import { describe, expect, test } from 'vitest'
import { expectationOfFile, expectationOfList, requireExpected } from '../../src/plan/expectation.ts'

const committed = 'APP_ENV=prod\nAPP_SECRET=\nDATABASE_URL="" # filled by the deploy\nMAILER_DSN=$DSN\nEMPTY=\'\'\n'

describe('an expectation', () => {
  test.each([
    ['a file of defaults expects what it leaves empty', '.env', ['APP_SECRET', 'DATABASE_URL', 'EMPTY']],
    ['an example expects every name', '.env.example', ['APP_ENV', 'APP_SECRET', 'DATABASE_URL', 'MAILER_DSN', 'EMPTY']],
    ['so does a template', 'config/env.template', ['APP_ENV', 'APP_SECRET', 'DATABASE_URL', 'MAILER_DSN', 'EMPTY']],
    ['so does a sample', '.env.sample', ['APP_ENV', 'APP_SECRET', 'DATABASE_URL', 'MAILER_DSN', 'EMPTY']],
    ['a name that only looks like one does not', '.env.examples', ['APP_SECRET', 'DATABASE_URL', 'EMPTY']],
  ])('%s', (_rule, path, names) => {
    expect(expectationOfFile(path, committed, 'symfony')).toMatchObject({ names, expectedBy: path })
  })

  test('is read in the dialect of the file', () => {
    expect(expectationOfFile('.env', 'A = \nB: 1\nC=2 # x', 'dotenv').names).toEqual(['A'])
  })

  test('a file that the dialect rejects is refused by line, without its text', () => {
    const read = () => expectationOfFile('.env', 'A=1\nB=hunter2 hunter2\n', 'symfony')
    expect(read).toThrow(
      expect.objectContaining({ code: 'EXPECTATION_UNREADABLE', message: expect.stringContaining('line 2') }),
    )
    expect(read).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hunter2') }))
  })

  test('all that is missing fails together, once each', () => {
    const expectation = expectationOfList(['B', 'A', 'C', 'B'])
    expect(() => requireExpected('.env.local', ['C', 'D'], expectation)).toThrow(
      expect.objectContaining({
        code: 'SECRETS_MISSING_KEYS',
        context: { file: '.env.local', missing: ['A', 'B'], expectedBy: 'the list in expect' },
      }),
    )
    expect(() => requireExpected('.env.local', ['A', 'B', 'C', 'D'], expectation)).not.toThrow()
  })
})
