import { describe, expect, test } from 'vitest'
import { answerOf, isNoop } from '../../../src/codedeploy/commands/diagnostics.ts'

const report = (error_code: number) =>
  JSON.stringify({ error_code, script_name: 'stop.sh', message: 'it said no', log: '[stdout]no\n' })

describe("an agent's report in the words of the API", () => {
  const codes = [
    [1, 'ScriptMissing'],
    [2, 'ScriptNotExecutable'],
    [3, 'ScriptTimedOut'],
    [4, 'ScriptFailed'],
    [5, 'UnknownError'],
    [6, 'UnknownError'],
    [7, 'UnknownError'],
    [0, 'UnknownError'],
  ] as const
  for (const [number, code] of codes) {
    test(`a failure with ${number} is ${code}`, () => {
      expect(answerOf('Failed', report(number))).toEqual({
        status: 'Failed',
        code,
        scriptName: 'stop.sh',
        message: 'it said no',
        logTail: '[stdout]no\n',
      })
    })
  }

  test('a success is one whatever number stands beside it', () => {
    expect(answerOf('Succeeded', report(5))).toMatchObject({ status: 'Succeeded', code: 'Success' })
  })

  for (const payload of [undefined, '', 'no JSON', '[1]', 'null', '{"error_code":"4","message":7}']) {
    test(`a failure with the diagnostics ${payload} is an unknown error`, () => {
      expect(answerOf('Failed', payload)).toEqual({
        status: 'Failed',
        code: 'UnknownError',
        scriptName: '',
        message: '',
        logTail: '',
      })
    })
  }

  test('nothing is to do only where the agent says true', () => {
    expect([isNoop('{"IsCommandNoop":true}'), isNoop('{"IsCommandNoop":"true"}'), isNoop('{}'), isNoop('x')]).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})
