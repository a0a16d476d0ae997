import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { withTools } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { formatAppSpec } from '../src/format-app-spec.ts'
import { scriptedEvents, type AppSpec } from '../src/model.ts'
import { parseAppSpec } from '../src/parse-app-spec.ts'

// Texts that Ruby's Psych reads as a symbol, a number, a date, a truth or nothing, unless they are in quotes.
const deceptive = fc.constantFrom(':!', ':"a"', '1:30', '1_000', '0644', '08', '.5', '+.inf', '2026-01-02', 'yes', '~')
const name = fc
  .oneof(
    { weight: 1, arbitrary: deceptive },
    { weight: 4, arbitrary: fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => text.trim()) },
  )
  .filter((text) => text !== '')

const textOfIndicators = fc
  .string({
    minLength: 1,
    maxLength: 6,
    unit: fc.constantFrom(...':!"\'0123456789._,-+eExobnyN~<>=&*|%@`{}[]#? atrufls'),
  })
  .map((text) => text.trim())
  .filter((text) => text !== '')

test('what formatAppSpec writes is read back as the same value, by both agents', () => {
  const spec: fc.Arbitrary<AppSpec> = fc.record(
    {
      version: fc.constant(0 as const),
      os: fc.constantFrom('linux' as const, 'windows' as const),
      fileExistsBehavior: fc.constantFrom('DISALLOW' as const, 'OVERWRITE' as const, 'RETAIN' as const),
      files: fc.array(fc.record({ source: name, destination: name }), { maxLength: 3 }),
      permissions: fc.array(
        fc.record(
          {
            object: name,
            pattern: name,
            except: fc.array(name, { maxLength: 2 }),
            type: fc.constantFrom<('file' | 'directory')[]>(['file'], ['directory'], ['file', 'directory']),
            owner: name,
            mode: fc.stringMatching(/^[0-7]{0,4}$/),
          },
          { requiredKeys: ['object', 'pattern', 'except', 'type'] },
        ),
        { maxLength: 3 },
      ),
      hooks: fc.dictionary(
        fc.constantFrom(...scriptedEvents),
        fc.array(
          fc.record(
            { location: name, timeoutSeconds: fc.integer({ min: 1, max: 5000 }), runas: name },
            { requiredKeys: ['location', 'timeoutSeconds'] },
          ),
          { minLength: 1, maxLength: 3 },
        ),
      ),
    },
    { requiredKeys: ['version', 'os', 'files', 'permissions', 'hooks'] },
  )
  fc.assert(
    // The agent refuses permissions on Windows.
    fc.property(
      spec.map((value) => (value.os === 'linux' ? value : { ...value, permissions: [] })),
      fc.constantFrom('official-1.8' as const, 'official-2' as const),
      (value, agent) => {
        expect(parseAppSpec(formatAppSpec(value), { agent })).toEqual({ ...value, hooks: { ...value.hooks } })
      },
    ),
  )
})

withTools(['ruby'], 'Ruby, with whose YAML the official agent reads, finds every text as it was', () => {
  const texts = fc.sample(fc.oneof(name, textOfIndicators), 5000)
  const files = texts.map((source) => ({ source, destination: '/srv' }))
  const text = formatAppSpec({ version: 0, os: 'linux', files, permissions: [], hooks: {} })
  const sources = "require 'json'; puts YAML.load($stdin.read)['files'].map { |file| file['source'] }.to_json"
  const read = execFileSync('ruby', ['-ryaml', '-e', sources], {
    input: text,
    encoding: 'utf8',
    env: { ...process.env, LANG: 'C.UTF-8' },
  })
  expect(JSON.parse(read)).toEqual(texts)
})

test('formatAppSpec puts modes in quotes, leaves defaults out and repeats shared values', () => {
  const type = ['file'] as const
  const rule = { pattern: '**', except: [], type, mode: '0644' }
  const text = formatAppSpec({
    version: 0,
    os: 'linux',
    files: [],
    permissions: [
      { object: '/a', ...rule },
      { object: '/b', ...rule },
    ],
    hooks: { AfterInstall: [{ location: '2026-01-02', timeoutSeconds: 3600 }] },
  })
  expect(text).toBe(`version: 0.0
os: linux
permissions:
  - object: /a
    mode: "0644"
    type:
      - file
  - object: /b
    mode: "0644"
    type:
      - file
hooks:
  AfterInstall:
    - location: "2026-01-02"
`)
})
