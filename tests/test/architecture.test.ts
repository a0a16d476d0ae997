import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { pureLibraries, walls } from '../../tools/walls.js'

const root = join(import.meta.dirname, '../..')
const scope = '@fairlead/'

interface Import {
  readonly file: string
  readonly module: string
  /** Whether it leaves no trace at run time. */
  readonly isTypeOnly: boolean
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
}

/** Every module that the sources of a package name, by `import`, `export … from` or `import()`. */
function importsOf(name: string): Import[] {
  return sourceFiles(join(root, 'packages', name, 'src')).flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true)
    const imports: Import[] = []
    const note = (specifier: ts.Expression, isTypeOnly: boolean) => {
      if (ts.isStringLiteralLike(specifier)) {
        imports.push({ file: relative(root, file), module: specifier.text, isTypeOnly })
      }
    }
    const visit = (node: ts.Node): void => {
      if (ts.isImportDeclaration(node)) note(node.moduleSpecifier, isTypeOnlyImport(node))
      else if (ts.isExportDeclaration(node) && node.moduleSpecifier) note(node.moduleSpecifier, node.isTypeOnly)
      else if (ts.isCallExpression(node) && isLoad(node.expression) && node.arguments[0]) note(node.arguments[0], false)
      ts.forEachChild(node, visit)
    }
    visit(source)
    return imports
  })
}

/** `import()`, and `require()` where a module makes itself one. */
function isLoad(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && /require$/i.test(callee.text))
}

function isTypeOnlyImport({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false
  const { isTypeOnly, name, namedBindings } = importClause
  if (isTypeOnly) return true
  if (name || !namedBindings || !ts.isNamedImports(namedBindings)) return false
  return namedBindings.elements.every((element) => element.isTypeOnly)
}

/** `@scope/name/entry` as `@scope/name`. */
function packageOf(module: string): string {
  const [first = '', second = ''] = module.split('/')
  return first.startsWith('@') ? `${first}/${second}` : first
}

interface PackageJson {
  readonly dependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
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
    const { dependencies, peerDependencies } = manifestOf(name)
    expect(Object.keys({ ...dependencies, ...peerDependencies }).sort()).toEqual(named)
  })

  test('only its ports touch the disk, processes, sockets and what comes from outside', () => {
    const effects = /^node:(fs|child_process|net|https?)(\/|$)/
    const leaks = importsOf(name).filter(
      ({ file, module, isTypeOnly }) =>
        !isTypeOnly && !file.includes('/src/ports/') && (effects.test(module) || outside.includes(packageOf(module))),
    )
    expect(leaks.filter(({ module }) => !pureLibraries.includes(packageOf(module)))).toEqual([])
  })

  test('its plans are pure: they name no port and no module with an effect', () => {
    const effects = /^node:(fs|child_process|net|https?|os|timers|process)(\/|$)/
    const impure = importsOf(name).filter(
      ({ file, module, isTypeOnly }) =>
        !isTypeOnly && /\/src\/.*plan\//.test(file) && (effects.test(module) || module.includes('/ports/')),
    )
    expect(impure).toEqual([])
  })
})
