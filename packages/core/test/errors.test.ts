import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { coreErrors } from '../src/core-errors.ts'
import { DeployError, defineErrors, describeError, isDeployError } from '../src/errors.ts'

const errors = defineErrors('sample', {
  BOX_TOO_SMALL: describeError<{ sizeBytes: number }>({
    message: ({ sizeBytes }) => `the box has ${sizeBytes} bytes, expected 10 or more`,
    hint: ({ sizeBytes }) => `Add ${10 - sizeBytes} bytes.`,
    retryable: true,
    example: { sizeBytes: 4 },
  }),
  BOX_LOST: describeError<{ box: string }>({
    message: ({ box }) => `${box} is lost`,
    hint: 'Look again.',
    example: { box: 'a' },
  }),
})

describe('an error of a catalogue', () => {
  test('says what failed, what to do next and whether to try again', () => {
    const error = errors.BOX_TOO_SMALL({ sizeBytes: 4 })
    expect(error).toMatchObject({
      name: 'DeployError',
      code: 'BOX_TOO_SMALL',
      package: 'sample',
      message: 'the box has 4 bytes, expected 10 or more',
      hint: 'Add 6 bytes.',
      retryable: true,
      context: { sizeBytes: 4 },
    })
  })

  test('keeps a cause only where there is one', () => {
    const cause = new Error('underneath')
    expect(errors.BOX_LOST({ box: 'a' }, { cause }).cause).toBe(cause)
    expect('cause' in errors.BOX_LOST({ box: 'a' })).toBe(false)
  })

  test('survives JSON without stack and cause', () => {
    const json: unknown = JSON.parse(JSON.stringify(errors.BOX_LOST({ box: 'a' }, { cause: new Error('x') })))
    expect(json).toEqual({
      name: 'DeployError',
      package: 'sample',
      code: 'BOX_LOST',
      message: 'a is lost',
      hint: 'Look again.',
      retryable: false,
      context: { box: 'a' },
    })
  })

  test('shows code and hint where it is inspected', () => {
    const shown = inspect(errors.BOX_LOST({ box: 'a' }))
    expect(shown).toContain('code: BOX_LOST')
    expect(shown).toContain('hint: Look again.')
  })

  test('begins its stack at the caller', () => {
    expect(errors.BOX_LOST({ box: 'a' }).stack?.split('\n')[1]).toContain('errors.test.ts')
  })
})

describe('isDeployError', () => {
  const error: unknown = errors.BOX_LOST({ box: 'a' })

  test('knows an error of the libraries from any other', () => {
    expect(isDeployError(error)).toBe(true)
    for (const other of [new Error('x'), { code: 'BOX_LOST' }, null, undefined, 'BOX_LOST']) {
      expect(isDeployError(other)).toBe(false)
    }
  })

  test('knows the very entry, and narrows the context to its facts', () => {
    expect(isDeployError(error, errors.BOX_TOO_SMALL)).toBe(false)
    expect(isDeployError(error, errors.BOX_LOST) && error.context.box).toBe('a')
  })

  test('knows an error of another copy of the library', () => {
    const copy = Object.assign(new Error('x'), {
      code: 'BOX_LOST',
      package: 'sample',
      [Symbol.for('fairlead.DeployError')]: true,
    })
    expect(copy).not.toBeInstanceOf(DeployError)
    expect(isDeployError(copy, errors.BOX_LOST)).toBe(true)
  })
})

test.each(Object.values(coreErrors).map((entry) => [entry.code, entry] as const))(
  'the example of %s renders a message and a hint without gaps',
  (_code, entry) => {
    const make = entry as (context: unknown) => DeployError
    const { message, hint } = make(entry.description.example)
    for (const words of [message, hint]) {
      expect(words).not.toBe('')
      expect(words).not.toContain('undefined')
    }
  },
)
