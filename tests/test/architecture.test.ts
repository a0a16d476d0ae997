import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { walls } from '../../tools/walls.js'

const root = join(import.meta.dirname, '../..')
const scope = '@fairlead/'

interface Import {
  readonly file: string
  readonly module: string
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
}

/** Every module that the sources of a package name, types included. */
function importsOf(name: string): Import[] {
  return sourceFiles(join(root, 'packages', name, 'src')).flatMap((file) =>
    ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles.map(({ fileName }) => ({
      file: relative(root, file),
      module: fileName,
    })),
  )
}

/** `@scope/name/entry` as `@scope/name`. */
function packageOf(module: string): string {
  const [first = '', second = ''] = module.split('/')
  return first.startsWith('@') ? `${first}/${second}` : first
}

interface PackageJson {
  readonly dependencies?: Record<string, string>
}

function manifestOf(name: string): PackageJson {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as PackageJson
}

test('every package has its walls, and every wall has its package', () => {
  expect(readdirSync(join(root, 'packages')).sort()).toEqual(Object.keys(walls).sort())
})

describe.each(Object.entries(walls))('%s', (name, { neighbours, outside }) => {
  const foreign = importsOf(name).filter(({ module }) => !module.startsWith('.') && !module.startsWith('node:'))

  test('its source names no other neighbour and nothing from outside than the table allows', () => {
    const allowed = [...neighbours.map((neighbour) => scope + neighbour), ...outside]
    expect(foreign.filter(({ module }) => !allowed.includes(packageOf(module)))).toEqual([])
  })

  test('it installs what its source names, and nothing more', () => {
    const named = [...new Set(foreign.map(({ module }) => packageOf(module)))].sort()
    expect(Object.keys(manifestOf(name).dependencies ?? {}).sort()).toEqual(named)
  })

  test('its plans are pure: they name no port and no module with an effect', () => {
    const effects = /^node:(fs|child_process|net|http|https|os|timers|process)/
    const impure = importsOf(name).filter(
      ({ file, module }) => file.includes('/src/plan/') && (effects.test(module) || module.includes('/ports/')),
    )
    expect(impure).toEqual([])
  })
})
