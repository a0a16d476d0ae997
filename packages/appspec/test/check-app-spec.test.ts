import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkAppSpec } from '../src/check-app-spec.ts'
import type { BundleFiles } from '../src/model.ts'
import { parseAppSpec } from '../src/parse-app-spec.ts'

const head = 'version: 0.0\nos: linux\n'
const brief = (text: string, bundle?: BundleFiles) =>
  checkAppSpec(text, { bundle }).map(({ line, column, severity, rule }) => `${line}:${column} ${severity} ${rule}`)

describe('what the agent accepts and its author regrets is a warning', () => {
  test.each<[string, string, string[]]>([
    ['an unknown key', `${head}hook: {}\n`, ['3:1 warning unknown-key']],
    [
      'an unknown key of a script',
      `${head}hooks:\n  AfterInstall: [{location: a, timeuot: 5}]\n`,
      ['4:32 warning unknown-key'],
    ],
    ['an unknown event', `${head}hooks:\n  AfterInstal: [{location: a}]\n`, ['4:3 warning unknown-event']],
    ['scripts under Install', `${head}hooks:\n  Install: [{location: a}]\n`, ['4:3 warning event-runs-no-scripts']],
    [
      'scripts under DownloadBundle',
      `${head}hooks:\n  DownloadBundle: [{location: a}]\n`,
      ['4:3 warning event-runs-no-scripts'],
    ],
    ['nothing under Install', `${head}hooks:\n  Install:\n`, []],
    [
      'timeouts beyond an hour',
      `${head}hooks:\n  AfterInstall:\n    - {location: a, timeout: 1800}\n    - {location: b, timeout: 1801}\n`,
      ['5:5 warning event-timeouts'],
    ],
    ['timeouts of an hour', `${head}hooks:\n  AfterInstall: [{location: a, timeout: 3600}, {location: b}]\n`, []],
    ['a mode without quotes', `${head}permissions:\n  - {object: /a, mode: 0644}\n`, ['4:24 warning mode-unquoted']],
    ['an empty mode', `${head}permissions:\n  - {object: /a, mode: ""}\n`, ['4:24 warning mode-empty']],
    ['a mode in quotes', `${head}permissions:\n  - {object: /a, mode: "0644"}\n`, []],
    [
      'a relative destination',
      `${head}files:\n  - {source: a, destination: b}\n`,
      ['4:30 warning destination-relative'],
    ],
    ['a second document', `${head}---\nos: linux\n`, ['4:1 warning several-documents']],
    ['a key that stands twice', `${head}os: linux\n`, ['3:1 warning duplicate-key']],
    [
      'an event that stands twice',
      `${head}hooks:\n  AfterInstall: []\n  AfterInstall: []\n`,
      ['5:3 warning duplicate-key'],
    ],
    [
      'a key of a script that stands twice',
      `${head}hooks:\n  AfterInstall: [{location: a, location: b}]\n`,
      ['4:32 warning duplicate-key'],
    ],
    [
      'a timeout with a unit',
      `${head}hooks:\n  AfterInstall: [{location: a, timeout: 30s}]\n`,
      ['4:41 warning script-timeout-misread'],
    ],
    [
      'a timeout with a zero in front',
      `${head}hooks:\n  AfterInstall: [{location: a, timeout: 0100}]\n`,
      ['4:41 warning script-timeout-misread'],
    ],
    ['an id in quotes', `${head}permissions:\n  - {object: /a, owner: "33"}\n`, ['4:25 warning owner-numeric']],
    [
      'a context without a range',
      `${head}permissions:\n  - {object: /a, context: {type: t}}\n`,
      ['4:27 warning context-range-missing'],
    ],
  ])('%s', (_name, text, expected) => {
    expect(brief(text)).toEqual(expected)
    expect(() => parseAppSpec(text)).not.toThrow()
  })

  test('the misspelt name brings the one that was meant', () => {
    expect(checkAppSpec(`${head}hooks:\n  AfterInstal: [{location: a}]\n`)[0]?.cure).toBe('Did you mean AfterInstall?')
  })

  test('a mode without quotes says what an agent before 2.0 makes of it', () => {
    const messageOf = (mode: string) =>
      checkAppSpec(`${head}permissions:\n  - {object: /a, mode: ${mode}}\n`)[0]?.message
    expect(messageOf('0644')).toMatch(/number 420 and sets the mode 0420/)
    expect(messageOf('0755')).toMatch(/number 493 and refuses it/)
    expect(messageOf('644')).toMatch(/zero in front/)
  })
})

describe('with the files of the bundle, what the AppSpec names is looked up', () => {
  const text = `${head}files:
  - {source: dist, destination: /srv}
  - {source: missing.txt, destination: /srv}
hooks:
  AfterInstall:
    - location: ./hooks/ok.sh
    - location: /hooks/plain.sh
    - location: hooks/text.sh
    - location: hooks/windows.sh
    - location: hooks/absent.sh
    - location: hooks/ok.sh --now
`
  const bundle: BundleFiles = {
    'dist/index.js': {},
    'hooks/ok.sh': { executable: true, firstBytes: '#!/bin/sh\n:\n' },
    'hooks/plain.sh': { executable: false, firstBytes: Buffer.from('#!/bin/sh\n') },
    'hooks/text.sh': { executable: true, firstBytes: Buffer.from('echo hi\n') },
    'hooks/windows.sh': { executable: true, firstBytes: '#!/bin/sh\r\necho\r\n' },
  }

  test('every script and source that is not there or will not run is found', () => {
    expect(brief(text, bundle)).toEqual([
      '5:14 error source-missing',
      '9:17 warning script-not-executable',
      '10:17 warning script-without-shebang',
      '11:17 error script-crlf',
      '12:17 error script-missing',
      '13:17 error script-missing',
    ])
  })

  test('a script with arguments is told that there are none', () => {
    expect(checkAppSpec(text, { bundle }).at(-1)?.cure).toMatch(/passes no arguments/)
  })

  test('what is not known of a script is no finding, and neither is a script that never runs', () => {
    expect(brief(`${head}hooks:\n  AfterInstall: [{location: a.sh}]\n`, { 'a.sh': {} })).toEqual([])
    expect(brief(`${head}hooks:\n  Install: [{location: a.sh}]\n`, {})).toEqual(['4:3 warning event-runs-no-scripts'])
  })

  test('the whole bundle and what lies above it are sources that exist', () => {
    expect(brief(`${head}files:\n  - {source: /, destination: /a}\n  - {source: ., destination: /b}\n`, {})).toEqual([])
  })
})

test('a value is checked as the text that it becomes', () => {
  const spec = parseAppSpec(`${head}hooks:\n  Install: [{location: a}]\n`)
  expect(checkAppSpec(spec).map(({ rule }) => rule)).toEqual(['event-runs-no-scripts'])
})

test('no text makes it throw, and it finds an error wherever parsing refuses', () => {
  const pieces = fc.constantFrom(
    head,
    'hooks:\n',
    '  AfterInstall:\n',
    '    - location: a\n',
    'files: [',
    '*a',
    '&a',
    '\t',
    '"',
    ': ',
    '- ',
    '{',
    '}',
    ']',
    '!!x ',
    '\uFEFF',
    '? ',
    '|\n',
    '0644',
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (input) => {
      const refused = (() => {
        try {
          parseAppSpec(input)
          return false
        } catch {
          return true
        }
      })()
      expect(checkAppSpec(input).some(({ severity }) => severity === 'error')).toBe(refused)
    }),
    { numRuns: 500 },
  )
})
