import { isDeployError } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { appSpecErrors } from '../src/errors.ts'
import type { AppSpec } from '../src/model.ts'
import { parseAppSpec } from '../src/parse-app-spec.ts'

const head = 'version: 0.0\nos: linux\n'

function defectsOf(text: string): string[] {
  try {
    parseAppSpec(text)
  } catch (error) {
    if (!isDeployError(error, appSpecErrors.APPSPEC_INVALID)) throw error
    return error.context.defects.map(({ line, column, rule }) => `${line}:${column} ${rule}`)
  }
  return []
}

describe('what the agent refuses is refused, at its place', () => {
  test.each<[string, string, string[]]>([
    ['an empty file', '', ['1:1 empty']],
    ['comments alone', '# nothing\n', ['1:1 empty']],
    ['a plain text', 'hello\n', ['1:1 not-a-map']],
    ['a list at the top', '- a\n', ['1:1 not-a-map']],
    ['a bracket that never closes', `${head}hooks: [:\n`, ['3:10 yaml-syntax']],
    ['a tab as indentation', `${head}hooks:\n\tA: []\n`, ['4:1 yaml-syntax']],
    ['a byte order mark', `\uFEFF${head}`, ['1:1 byte-order-mark']],
    ['an alias', `${head}x: &a 1\nhooks: *a\n`, ['4:8 yaml-alias']],
    ['an alias that holds itself', `${head}x: &a [*a]\n`, ['3:8 yaml-alias']],
    ['a tag', `${head}x: !ruby/object:Foo {}\n`, ['3:4 yaml-tag']],
    ['no version', 'os: linux\n', ['1:1 version-unsupported']],
    ['a version in quotes', 'version: "0.0"\nos: linux\n', ['1:10 version-quoted']],
    ['another version', 'version: 1.0\nos: linux\n', ['1:10 version-unsupported']],
    ['an empty version', 'version:\nos: linux\n', ['1:9 version-unsupported']],
    ['no os', 'version: 0.0\n', ['1:1 os-unsupported']],
    ['an os in capitals', 'version: 0.0\nos: Linux\n', ['2:5 os-unsupported']],
    ['another os', 'version: 0.0\nos: solaris\n', ['2:5 os-unsupported']],
    ['a behaviour in lower case', `${head}file_exists_behavior: retain\n`, ['3:23 file-exists-behavior']],
    ['files as a map', `${head}files:\n  source: a\n`, ['4:3 files-not-a-list']],
    ['a file that is text', `${head}files: [a]\n`, ['3:9 file-not-a-map']],
    ['a file without source', `${head}files:\n  - destination: /d\n`, ['4:5 file-source-missing']],
    ['a file without destination', `${head}files:\n  - source: a\n`, ['4:5 file-destination-missing']],
    ['a source that is a list', `${head}files:\n  - {source: [a], destination: /d}\n`, ['4:14 not-text']],
    [
      'a source that YAML takes for a date',
      `${head}files:\n  - {source: 2026-01-02, destination: /d}\n`,
      ['4:14 yaml-date'],
    ],
    ['permissions as a map', `${head}permissions: {object: /a}\n`, ['3:14 permissions-not-a-list']],
    ['a permission without object', `${head}permissions:\n  - mode: "755"\n`, ['4:5 permission-object-missing']],
    ['a mode with letters', `${head}permissions:\n  - {object: /a, mode: u+x}\n`, ['4:24 mode-invalid']],
    ['a mode with an eight', `${head}permissions:\n  - {object: /a, mode: "0788"}\n`, ['4:24 mode-invalid']],
    [
      'a mode in the octal form of YAML 1.2',
      `${head}permissions:\n  - {object: /a, mode: 0o644}\n`,
      ['4:24 mode-too-long'],
    ],
    ['an unknown type', `${head}permissions:\n  - {object: /a, type: [link]}\n`, ['4:25 type-unknown']],
    ['a type that is no list', `${head}permissions:\n  - {object: /a, type: file}\n`, ['4:24 type-not-a-list']],
    ['an exception that is no list', `${head}permissions:\n  - {object: /a, except: x}\n`, ['4:26 except-not-a-list']],
    ['an access list entry without rights', `${head}permissions:\n  - {object: /a, acls: [x]}\n`, ['4:25 acl-invalid']],
    [
      'a context without type',
      `${head}permissions:\n  - object: /a\n    context: {name: n}\n`,
      ['5:14 context-type-missing'],
    ],
    [
      'permissions on Windows',
      'version: 0.0\nos: windows\npermissions:\n  - object: c:\\a\n',
      ['4:3 permissions-on-windows'],
    ],
    ['a user without a name', `${head}permissions:\n  - {object: /a, owner: 33}\n`, ['4:25 owner-numeric']],
    [
      'a base entry in an access list',
      `${head}permissions:\n  - {object: /a, acls: ["u::rw"]}\n`,
      ['4:25 acl-base-entry'],
    ],
    ['a context that is text', `${head}permissions:\n  - {object: /a, context: t}\n`, ['4:27 context-invalid']],
    ['hooks as a list', `${head}hooks: [a]\n`, ['3:8 hooks-not-a-map']],
    ['a hook as a map', `${head}hooks:\n  AfterInstall:\n    location: a\n`, ['5:5 hook-not-a-list']],
    ['a script that is text', `${head}hooks:\n  AfterInstall: [a.sh]\n`, ['4:18 script-not-a-map']],
    ['a script without location', `${head}hooks:\n  AfterInstall: [{timeout: 5}]\n`, ['4:18 script-location-missing']],
    ['a negative timeout', `${head}hooks:\n  AfterInstall: [{location: a, timeout: -5}]\n`, ['4:41 script-timeout']],
    ['a timeout of zero', `${head}hooks:\n  AfterInstall: [{location: a, timeout: 0}]\n`, ['4:41 script-timeout']],
    ['a word as timeout', `${head}hooks:\n  AfterInstall: [{location: a, timeout: abc}]\n`, ['4:41 script-timeout']],
  ])('%s', (_name, text, expected) => {
    expect(defectsOf(text)).toEqual(expected)
  })

  test('all defects come at once, in the order of the file', () => {
    const text = 'version: "0.0"\nos: Linux\nfiles: {}\nhooks:\n  AfterInstall:\n    - timeout: -1\n'
    expect(defectsOf(text)).toEqual([
      '1:10 version-quoted',
      '2:5 os-unsupported',
      '3:8 files-not-a-list',
      '6:7 script-location-missing',
      '6:16 script-timeout',
    ])
  })

  test('the error shows each defect with its place and says how to cure it', () => {
    try {
      parseAppSpec('version: "0.0"\nos: linux\n')
      expect.unreachable()
    } catch (error) {
      if (!isDeployError(error, appSpecErrors.APPSPEC_INVALID)) throw error
      expect(error.message).toContain('1:10 version is the text "0.0", expected the number 0.0 (version-quoted)')
      expect(error.hint).toBe('Write `version: 0.0`, without quotes.')
      expect(JSON.parse(JSON.stringify(error.context))).toEqual(error.context)
    }
  })
})

describe('what the agent accepts is accepted', () => {
  const minimal: AppSpec = { version: 0, os: 'linux', files: [], permissions: [], hooks: {} }
  const hooked = (script: string) => parseAppSpec(`${head}hooks:\n  AfterInstall: [${script}]\n`).hooks['AfterInstall']

  test.each<[string, string]>([
    ['the version 0', 'version: 0\nos: linux\n'],
    ['document markers', '---\nversion: 0.0\nos: linux\n...\n'],
    ['Windows line ends', 'version: 0.0\r\nos: linux\r\n'],
    ['sections that are empty', `${head}files:\nhooks:\npermissions:\nfile_exists_behavior:\n`],
    ['unknown keys', `${head}foo: {bar: 1}\n`],
    ['a second document, of which nothing is read', `${head}---\nos: beos\n`],
    ['a key that stands twice, of which the last counts', `os: beos\n${head}`],
    ['a hook that is empty', `${head}hooks:\n  BeforeInstall:\n  AfterInstall: []\n`],
  ])('%s', (_name, text) => {
    expect(parseAppSpec(text)).toEqual(minimal)
  })

  test('a location may be a number, and blanks around it go', () => {
    expect(hooked('{location: 42}, {location: "  a.sh "}')?.map(({ location }) => location)).toEqual(['42', 'a.sh'])
  })

  test('a timeout is 3600 s unless it says otherwise, and may stand in quotes', () => {
    const scripts = hooked(
      '{location: a}, {location: b, timeout: }, {location: c, timeout: "30"}, {location: d, timeout: 7.9}',
    )
    expect(scripts?.map(({ timeoutSeconds }) => timeoutSeconds)).toEqual([3600, 3600, 30, 7])
  })

  test('a mode keeps the digits that were written, in quotes or not', () => {
    const modes = parseAppSpec(
      `${head}permissions:\n${['"0644"', '0644', '"7"', '0', '""', '4755'].map((mode) => `  - {object: /a, mode: ${mode}}\n`).join('')}`,
    ).permissions.map(({ mode }) => mode)
    expect(modes).toEqual(['0644', '0644', '7', '0', '', '4755'])
  })

  test('the agent before 2.0 turns an unquoted 0644 into 420 and refuses an unquoted 0755', () => {
    const text = (mode: string) => `${head}permissions:\n  - {object: /a, mode: ${mode}}\n`
    expect(parseAppSpec(text('0644'), { agent: 'official-1.8' }).permissions[0]?.mode).toBe('420')
    expect(parseAppSpec(text('"0644"'), { agent: 'official-1.8' }).permissions[0]?.mode).toBe('0644')
    expect(() => parseAppSpec(text('0755'), { agent: 'official-1.8' })).toThrow(/mode-invalid/)
  })

  test('an option that it does not have is refused', () => {
    expect(() => parseAppSpec(head, { agnet: 'official-2' } as never)).toThrow(/no option "agnet"/)
    expect(() => parseAppSpec(head, { agent: 'official-3' as never })).toThrow(/official-3/)
  })

  test('everything that the grammar has is read', () => {
    const text = `version: 0.0
os: linux
file_exists_behavior: RETAIN
files:
  - source: /
    destination: /srv/shop
permissions:
  - object: /srv/shop
    pattern: "*.sh"
    except: [no.sh]
    owner: deploy
    group: www-data
    mode: "0755"
    type: [file]
    acls: ["u:www-data:rx", "default:group::r-x", "mask::7"]
    context: {name: system_u, type: httpd_t, range: s0}
hooks:
  ApplicationStop:
    - location: scripts/stop.sh
      timeout: 60
      runas: deploy
`
    expect(parseAppSpec(text)).toEqual({
      version: 0,
      os: 'linux',
      fileExistsBehavior: 'RETAIN',
      files: [{ source: '/', destination: '/srv/shop' }],
      permissions: [
        {
          object: '/srv/shop',
          pattern: '*.sh',
          except: ['no.sh'],
          type: ['file'],
          owner: 'deploy',
          group: 'www-data',
          mode: '0755',
          acls: ['u:www-data:rx', 'default:group::r-x', 'mask::7'],
          context: { name: 'system_u', type: 'httpd_t', range: 's0' },
        },
      ],
      hooks: { ApplicationStop: [{ location: 'scripts/stop.sh', timeoutSeconds: 60, runas: 'deploy' }] },
    })
  })
})
