import { describe, expect, test } from 'vitest'
import type { AppSpecPermission } from '@fairlead/appspec'
import {
  destinationsOf,
  planCleanup,
  planInstall,
  type InstallSource,
  type PathKind,
  type SourceTree,
} from '../../src/plan/install.ts'

const file: SourceTree = { kind: 'file' }
const folder = (entries: Record<string, SourceTree>): SourceTree => ({
  kind: 'directory',
  entries: Object.entries(entries).map(([name, tree]) => ({ name, tree })),
})
const source = (path: string, destination: string, tree: SourceTree = file): InstallSource => ({
  file: { source: path, destination },
  path: `/archive/${path}`,
  tree,
})
const rule = (facts: Partial<AppSpecPermission> & { object: string }): AppSpecPermission => ({
  pattern: '**',
  except: [],
  type: ['file', 'directory'],
  ...facts,
})

function plan(
  sources: InstallSource[],
  facts: {
    there?: Record<string, PathKind>
    behavior?: string
    permissions?: AppSpecPermission[]
  } = {},
): string[] {
  const instructions = planInstall({
    folder: '/h',
    sources,
    kinds: new Map(Object.entries({ '/h': 'directory', ...facts.there })),
    fileExistsBehavior: facts.behavior ?? 'DISALLOW',
    permissions: (facts.permissions ?? []).map((rule) => ({ ...rule, object: `/h${rule.object}`.replace(/\/$/, '') })),
  })
  return instructions.map((instruction) => {
    switch (instruction.type) {
      case 'mkdir':
        return `mkdir ${instruction.directory}`
      case 'copy':
        return `copy ${instruction.source} ${instruction.destination}`
      case 'chmod':
        return `chmod ${instruction.mode} ${instruction.file}`
      case 'chown':
        return `chown ${instruction.owner}:${instruction.group} ${instruction.file}`
      case 'setfacl':
        return `setfacl ${instruction.acl.join(',')} ${instruction.file}`
      case 'semanage':
        return `semanage ${instruction.context.type} ${instruction.file}`
    }
  })
}

describe('copies', () => {
  test('a file lands in its destination, which is always a folder; missing ones are made, outermost first', () => {
    expect(plan([source('conf/a.txt', '/srv/x')])).toEqual([
      'mkdir /h/srv',
      'mkdir /h/srv/x',
      'copy /archive/conf/a.txt /h/srv/x/a.txt',
    ])
  })

  test('the content of a folder lands in its destination', () => {
    const tree = folder({ 'a.txt': file, sub: folder({ b: file }), empty: folder({}) })
    expect(plan([source('tree', '/d', tree)], { there: { '/h/d': 'directory' } })).toEqual([
      'copy /archive/tree/a.txt /h/d/a.txt',
      'mkdir /h/d/sub',
      'copy /archive/tree/sub/b /h/d/sub/b',
      'mkdir /h/d/empty',
    ])
  })

  test('dots in a destination are taken one by one, as the official agent takes them', () => {
    expect(plan([source('a', '/d/../e')])).toEqual(['mkdir /h/d', 'mkdir /h', 'mkdir /h/e', 'copy /archive/a /h/e/a'])
  })

  test.each<[string, string[]]>([
    ['OVERWRITE', ['copy /archive/a /h/d/a', 'copy /archive/b /h/d/b']],
    ['RETAIN', ['copy /archive/b /h/d/b']],
  ])('a file in the way under %s', (behavior, expected) => {
    const there = { '/h/d': 'directory', '/h/d/a': 'file' } as const
    expect(plan([source('a', '/d'), source('b', '/d')], { there, behavior })).toEqual(expected)
  })

  test.each<[string, InstallSource[], Record<string, PathKind>, RegExp]>([
    [
      'a file in the way under DISALLOW',
      [source('a', '/d')],
      { '/h/d/a': 'file' },
      /already exists at this location: \/h\/d\/a/,
    ],
    [
      'a behaviour that does not exist, once a file is in the way',
      [source('a', '/d')],
      { '/h/d/a': 'file' },
      /invalid option was specified for fileExistsBehavior: REPLACE/,
    ],
    [
      'two sources for one destination',
      [source('a', '/d'), source('x/a', '/d')],
      {},
      /two source files named \/archive\/x\/a and \/archive\/a for/,
    ],
    [
      'a folder where a file goes',
      [source('x', '/'), source('t', '/x', folder({ a: file }))],
      {},
      /mkdir command more than once .*\(\/h\/x\) from \(\/archive\/x\)/,
    ],
    [
      'a file where a folder goes',
      [source('t', '/x', folder({ a: file })), source('x', '/')],
      {},
      /calls for installing the file \/archive\/x, but a file with that name already exists at the location \(\/h\/x\)/,
    ],
  ])('%s is refused', (name, sources, there, message) => {
    const behavior = name.startsWith('a behaviour') ? 'REPLACE' : 'DISALLOW'
    expect(() => plan(sources, { there, behavior })).toThrow(message)
  })

  test('the paths that decide are the destinations and all that lies above them', () => {
    const sources = [source('a', '/x/y'), source('t', '/z', folder({ b: file }))]
    expect([...destinationsOf(sources, '/h')].sort()).toEqual(['/h', '/h/x', '/h/x/y', '/h/x/y/a', '/h/z', '/h/z/b'])
  })
})

describe('permissions', () => {
  const tree = folder({ 'a.sh': file, 'c.txt': file, sub: folder({ 'd.sh': file }) })
  const permitted = (permissions: AppSpecPermission[], there: Record<string, PathKind> = { '/h/t': 'directory' }) =>
    plan([source('t', '/t', tree)], { there, permissions }).filter((line) => !/^(?:copy|mkdir) /.test(line))

  test.each<[string, AppSpecPermission, string[]]>([
    [
      'a rule for a folder reaches everything below it, not the folder',
      rule({ object: '/t', mode: '750' }),
      ['chmod 750 /h/t/a.sh', 'chmod 750 /h/t/c.txt', 'chmod 750 /h/t/sub/d.sh', 'chmod 750 /h/t/sub'],
    ],
    [
      'a pattern reaches one level',
      rule({ object: '/t', mode: '755', pattern: '*.sh', type: ['file'] }),
      ['chmod 755 /h/t/a.sh'],
    ],
    ['a pattern with a slash reaches nothing', rule({ object: '/t', mode: '755', pattern: 'sub/*.sh' }), []],
    [
      'signs of a regular expression in a pattern are just text',
      rule({ object: '/t', mode: '755', pattern: 'a.s(h|x)' }),
      [],
    ],
    [
      'exceptions are left alone',
      rule({ object: '/t', mode: '755', except: ['*.sh'], type: ['file'] }),
      ['chmod 755 /h/t/c.txt', 'chmod 755 /h/t/sub/d.sh'],
    ],
    ['a rule for one file', rule({ object: '/t/c.txt', owner: 'www' }), ['chown www:null /h/t/c.txt']],
    [
      'the mode comes before the owner',
      rule({ object: '/t/c.txt', owner: 'a', group: 'b', mode: '4755', acls: ['u:bob:r', 'm::7'] }),
      ['chmod 4755 /h/t/c.txt', 'setfacl user:bob:r--,mask::rwx /h/t/c.txt', 'chown a:b /h/t/c.txt'],
    ],
    [
      'two stars in an exception are one level, too',
      rule({ object: '/t', mode: '755', except: ['**'], type: ['file'] }),
      ['chmod 755 /h/t/sub/d.sh'],
    ],
    ['a mode of one digit gets its zeros', rule({ object: '/t/c.txt', mode: '7' }), ['chmod 007 /h/t/c.txt']],
    ['an object that is not there is passed over', rule({ object: '/nothing', mode: '755' }), []],
    [
      'a slash at the end of a folder does not matter',
      rule({ object: '/t/', mode: '755', pattern: 'c*' }),
      ['chmod 755 /h/t/c.txt'],
    ],
    ['a rule for folders leaves a file alone', rule({ object: '/t/c.txt', mode: '755', type: ['directory'] }), []],
  ])('%s', (_name, permission, expected) => {
    expect(permitted([permission])).toEqual(expected)
  })

  test.each<[string, AppSpecPermission[], RegExp]>([
    [
      'two rules for one object',
      [rule({ object: '/t', mode: '1' }), rule({ object: '/t/c.txt', mode: '2' })],
      /specified more than once/,
    ],
    [
      'a pattern for a lone file',
      [rule({ object: '/t/c.txt', pattern: '*.txt', mode: '1' })],
      /invalid pattern \(\*\.txt\)/,
    ],
    [
      'an entry for what a folder will hold, on a file',
      [rule({ object: '/t', acls: ['d:u:bob:r'] })],
      /-d parameter has been specified/,
    ],
    [
      'an exception for a lone file',
      [rule({ object: '/t/c.txt', except: ['x'], mode: '1' })],
      /\(\["x"\]\) for the object named \/h\/t\/c\.txt/,
    ],
  ])('%s is refused', (_name, permissions, message) => {
    expect(() => permitted(permissions)).toThrow(message)
  })
})

describe('cleanup', () => {
  test.each<[string, string, string[]]>([
    ['the paths come in reverse', '/a\n/a/b\n', ['/a/b', '/a']],
    ['a line that was cut off is left out', '/a\n/a/b', ['/a']],
    ['an empty list', '', []],
    ['blanks around a path are lost, as the official agent loses them', '/a \n', ['/a']],
  ])('%s', (_name, text, expected) => {
    expect(planCleanup(text)).toEqual(expected)
  })
})
