import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isDeployError } from '@fairlead/core'
import { errors } from '../../src/errors.ts'
import { dialects } from '../../src/plan/dialects.ts'
import type { Dialect } from '../../src/plan/dialects/dialect.ts'
import { encodeEnvFile, encodeIn, fileOf as joined } from '../../src/plan/env-text.ts'
import type { DialectName } from '../../src/model.ts'
import { secretValue } from '../../src/secret-value.ts'
import { hostileValue, propertyRuns, vectors } from '../support/hostile-values.ts'

function fileOf(dialect: Dialect, values: readonly (readonly [string, string])[]): string {
  const variables = values.map(([name, value]) => ({ name, value: secretValue(name, value) }))
  return Buffer.from(encodeEnvFile({ path: '.env', dialect: dialect.name }, variables)).toString('utf8')
}

function valuesIn(dialect: Dialect, text: string): Readonly<Record<string, string>> {
  const reading = dialect.read(text)
  if ('rejected' in reading) throw new Error(`${reading.rejected}, line ${reading.line}`)
  expect(reading.variables.filter(({ expands }) => expands)).toEqual([])
  return Object.fromEntries(reading.variables.map(({ name, value }) => [name, value]))
}

/** The file's lines as they are, without the read-back of the whole: the neighbours alone must not disturb it. */
function linesOf(dialect: Dialect, values: readonly (readonly [string, string])[]): string | undefined {
  const encodings = values.map(([name, value]) => encodeIn(dialect, name, value))
  const texts = encodings.flatMap((encoding) => ('text' in encoding ? [encoding.text] : []))
  return texts.length === values.length ? joined(dialect, texts) : undefined
}

/** The measured cells that speak of a dialect. */
const columns: Partial<Record<DialectName, readonly string[]>> = {
  symfony: ['symfony54', 'symfony71'],
  dotenv: ['dotenv16', 'dotenv18'],
  'dotenv-expand': ['expand'],
  next: ['next'],
  vite: ['vite'],
  node: ['node_parseEnv'],
  vite6: ['vite'],
  vite8: ['node_parseEnv'],
  dotenvx: ['dotenvx'],
  phpdotenv: ['phpdotenv54', 'phpdotenv56'],
  'python-dotenv': ['pydotenv12', 'pydotenv021'],
  'python-dotenv-raw': ['pydotenv12_raw'],
  'ruby-dotenv': ['rubydotenv24'],
  shell: ['bash52', 'dash', 'busybox_ash', 'mksh', 'zsh'],
  systemd: ['systemd252'],
  docker: ['docker28'],
}
const structured: readonly DialectName[] = ['json', 'yaml']
const oneLine: readonly DialectName[] = ['docker', 'apache']

describe.each(Object.values(dialects))('the dialect $name', (dialect) => {
  test.each(
    (columns[dialect.name] ?? []).flatMap((column) =>
      Object.entries(vectors.cells[column]!).map((cell) => [column, ...cell] as const),
    ),
  )('%s: %s is %s', (_column, name, cell) => {
    const value = vectors.values[name]!
    const encode = () => fileOf(dialect, [['BEFORE', '1'], ['K', value], ['AFTER', '2']]) // prettier-ignore
    if (cell === 'ok') expect(valuesIn(dialect, encode())).toEqual({ BEFORE: '1', K: value, AFTER: '2' })
    else expect(encode).toThrow(expect.objectContaining({ code: 'SECRET_NOT_ENCODABLE' }))
  })

  test('every measured value stands between any two others', () => {
    const values = Object.entries(vectors.values).filter(([, value]) => linesOf(dialect, [['K', value]]) !== undefined)
    for (const [, before] of values) {
      for (const [, value] of values) {
        for (const [, after] of values) {
          const text = linesOf(dialect, [['BEFORE', before], ['K', value], ['AFTER', after]])! // prettier-ignore
          const found = valuesIn(dialect, text)
          if (found['K'] !== value || found['BEFORE'] !== before || found['AFTER'] !== after) {
            expect(found).toEqual({ BEFORE: before, K: value, AFTER: after })
          }
        }
      }
    }
  })

  test('what it can hold, it gives back exactly, between hostile neighbours', () => {
    fc.assert(
      fc.property(hostileValue, hostileValue, hostileValue, (before, value, after) => {
        const wanted = { BEFORE: before, K: value, AFTER: after }
        const text = linesOf(dialect, Object.entries(wanted))
        if (text !== undefined) expect(valuesIn(dialect, text)).toEqual(wanted)
      }),
      { numRuns: propertyRuns(3_000) },
    )
  })

  test('what it writes never names a variable that was not given', () => {
    fc.assert(
      fc.property(fc.array(hostileValue, { maxLength: 6 }), (values) => {
        const named = values.map((value, index) => [`K${index}`, value] as const)
        const text = linesOf(dialect, named)
        if (text !== undefined) expect(Object.keys(valuesIn(dialect, text))).toEqual(named.map(([name]) => name))
      }),
      { numRuns: propertyRuns(1_000) },
    )
  })

  test('a value of 64 KiB comes back', () => {
    if (oneLine.includes(dialect.name)) return
    const value = `it's\n"${'x\\'.repeat(32 * 1024)}x`
    expect(valuesIn(dialect, fileOf(dialect, [['K', value]]))).toEqual({ K: value })
  })

  test('a NUL and half of a surrogate pair are refused with a way out', () => {
    for (const value of [...(dialect.holdsNul ? [] : ['a\0b']), 'a\ud800', '\udc00']) {
      try {
        fileOf(dialect, [['K', value]])
        expect.unreachable()
      } catch (error) {
        if (!isDeployError(error, errors.SECRET_NOT_ENCODABLE)) throw error
        expect(error.context).toMatchObject({ file: '.env', dialect: dialect.name, variable: 'K' })
        expect(error.hint).toBe(error.context.wayOut)
      }
    }
  })

  test.each(['', '1A', 'A-B', 'A.B', 'A B', 'É', 'A\n', 'A=B'])(
    'the name %j is taken only where every name is',
    (name) => {
      expect(dialect.takesName(name)).toBe(structured.includes(dialect.name))
    },
  )

  test.each(['A', 'a1', '_A', 'APP_SECRET', 'export', 'constructor', 'HTTP_PROXY'])('the name %j is taken', (name) => {
    expect(dialect.takesName(name)).toBe(true)
    expect(valuesIn(dialect, fileOf(dialect, [[name, "it's"]]))).toEqual({ [name]: "it's" })
  })
})

describe('symfony', () => {
  test.each([
    ['everything plain stands in single quotes', 'a $b `c` \\ #d', `K='a $b \`c\` \\ #d'`],
    ['the empty text is a value', '', `K=''`],
    [
      'apostrophes and line ends stand in double quotes',
      `it's\r\nso`,
      `K='it'"'\\r\\n"'so'`.replace(`"'\\r\\n"'so'`, `"'"'s'"\\r\\n"'so'`),
    ],
  ])('%s', (_rule, value, line) => {
    expect(dialects.symfony.encode('K', value)).toEqual({ text: line })
  })

  test.each([
    ['a name alone', 'A', 'a variable name is not followed by =', 1],
    ['a space before the value', 'A=1\nB= 2', 'whitespace stands before a value', 2],
    ['spaces without quotes', 'A=1 2', 'a value with spaces stands without quotes', 1],
    ['an open single quote', "A='1\n", 'a single quote is not closed', 1],
    ['an open double quote', 'A="1\n', 'a double quote is not closed', 1],
    ['an open parenthesis', 'A=$(1\n', 'a parenthesis is not closed', 1],
    ['no name', '=1', 'a line does not begin with a variable name', 1],
  ])('the reader rejects %s', (_what, text, rejected, line) => {
    expect(dialects.symfony.read(text)).toEqual({ rejected, line })
  })

  test('the reader tells what expands from what is escaped', () => {
    const text = 'A=$B\nB="\\$C"\nC=\'$D\'\nD=$(id)\nE="a ${F:-g}"\nexport F=x # $y\nG=\nH="\\\\"\n'
    const reading = dialects.symfony.read(text)
    expect('variables' in reading && reading.variables).toEqual([
      { name: 'A', value: '$B', expands: true },
      { name: 'B', value: '$C', expands: false },
      { name: 'C', value: '$D', expands: false },
      { name: 'D', value: '$(id)', expands: true },
      { name: 'E', value: 'a ${F:-g}', expands: true },
      { name: 'F', value: 'x', expands: false },
      { name: 'G', value: '', expands: false },
      { name: 'H', value: '\\', expands: false },
    ])
  })

  test('the name that the parser overwrites is not taken', () => {
    expect(dialects.symfony.takesName('SYMFONY_DOTENV_VARS')).toBe(false)
    expect(dialects.symfony.takesName('__A')).toBe(false)
  })
})

describe('names that a parser loses', () => {
  test.each<[DialectName, string]>([
    ['dotenv', '__proto__'],
    ['node', '__proto__'],
    ['vite8', '__proto__'],
    ['shell', 'UID'],
    ['shell', 'IFS'],
    ['shell', 'path'],
  ])('in %s: %s', (name, variable) => {
    expect(dialects[name].takesName(variable)).toBe(false)
  })
})

describe('what would be looked up or run', () => {
  test.each<[DialectName, string]>([
    ['dotenv-expand', 'a$(id)b'],
    ['dotenv-expand', 'encrypted:x'],
    ['dotenvx', '\r$(id)'],
    ['dotenvx', 'encrypted:x'],
    ['apache', '${HOME}'],
    ['php-fpm', '$HOME'],
  ])('is refused by %s: %j', (name, value) => {
    expect(dialects[name].encode('K', value)).toHaveProperty('reason')
  })

  test.each<[DialectName, string]>([
    ['dotenv-expand', `K='$b'`],
    ['dotenv-expand', `K='\\$(id)'`],
    ['next', 'K=${X}'],
    ['vite8', `K='$b'`],
    ['dotenvx', 'K="$(id)"'],
    ['phpdotenv', 'K="${X}"'],
    ['python-dotenv', "K='${X}'"],
    ['ruby-dotenv', 'K="$X"'],
    ['ruby-dotenv', 'K=$(id)'],
    ['shell', 'K="$X"'],
    ['shell', 'K=`id`'],
    ['docker', 'HOME'],
    ['apache', 'SetEnv K "${X}"'],
    ['php-fpm', 'env[K] = "$X"'],
  ])('is told by the reader of %s: %s', (name, text) => {
    const reading = dialects[name].read(name === 'php-fpm' ? text.replace('"$X"', '$X') : text)
    expect('variables' in reading && reading.variables.map(({ expands }) => expands)).toEqual([true])
  })
})

describe('dotenv', () => {
  test.each([
    ['single quotes come first', 'a b', `K='a b'`],
    ['an apostrophe takes backticks', `it's`, "K=`it's`"],
    ['an apostrophe and a backtick take double quotes', "'`", 'K="\'`"'],
    ['double quotes would expand a literal \\n, so the outermost pair of others is used', "'`\\n", "K=''`\\n'"],
    ['a carriage return is escaped in double quotes', 'a\rb', 'K="a\\rb"'],
    ['a value that ends in a backslash stands bare', 'C:\\dir\\', 'K=C:\\dir\\'],
    ['where it cannot, a comment guards its closing quote', '#\\', "K='#\\'\n#'."],
  ])('%s', (_rule, value, text) => {
    expect(dialects.dotenv.encode('K', value)).toEqual({ text })
  })

  test.each([
    ['a line end, # and all three quotes', '\n#\'"`'],
    ['a carriage return and a literal \\n', '\r\\n'],
  ])('%s are refused, and the reason names them', (_what, value) => {
    const encoding = dialects.dotenv.encode('K', value)
    expect(encoding).toHaveProperty('reason', expect.stringMatching(/^it holds .* and /))
    expect(encoding).toHaveProperty('wayOut', expect.stringContaining('files'))
  })

  test('the reader does as the parser with what we never write', () => {
    const text = 'A = 1 # one\nexport B: two\r\nC\nD=\n  E=" x\\ny "\n#F=1\nA=2\n__proto__=1\n'
    expect(valuesIn(dialects.dotenv, text)).toEqual({ A: '2', B: 'two', D: '', E: ' x\ny ' })
  })
})
