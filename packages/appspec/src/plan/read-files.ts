import type { AppSpecFile } from '../model.ts'
import { fieldsOf, isNothing, isText, kindOf, listOf, mapOf, quote, type Report } from './report.ts'
import type { References } from './references.ts'
import type { MapTree, Tree } from './tree.ts'
import { printedTree } from './yaml-scalar.ts'

const fileKeys = ['source', 'destination'] as const
const cure = 'Write a list: `- source: …` with `destination: …` below it.'

export function readFiles(tree: Tree | undefined, report: Report, references: References): readonly AppSpecFile[] {
  const list = listOf(tree, 'files', 'files-not-a-list', cure, report)
  return (list?.items ?? []).flatMap((item, index): AppSpecFile[] => {
    const path = `files[${index}]`
    const map = mapOf(item, path, 'file-not-a-map', cure, report)
    return map ? readFile(map, path, report, references) : []
  })
}

function readFile(map: MapTree, path: string, report: Report, references: References): AppSpecFile[] {
  const fields = fieldsOf(map, fileKeys, path, report)
  const source = readPath(fields.get('source'), map, `${path}.source`, report)
  const destination = readPath(fields.get('destination'), map, `${path}.destination`, report, source)
  const sourceTree = fields.get('source')
  if (source !== undefined && sourceTree) references.add('source', source, `${path}.source`, sourceTree)
  if (source === undefined || destination === undefined) return []
  if (!destination.startsWith('/') && !/^[A-Za-z]:[\\/]/.test(destination)) {
    report({
      severity: 'warning',
      rule: 'destination-relative',
      path: `${path}.destination`,
      place: fields.get('destination') ?? map,
      message: `the destination ${JSON.stringify(quote(destination))} is relative; the agent takes it from its own working directory`,
      cure: 'Write an absolute path.',
    })
  }
  return [{ source, destination }]
}

function readPath(
  tree: Tree | undefined,
  map: MapTree,
  path: string,
  report: Report,
  source?: string,
): string | undefined {
  const key = path.split('.').at(-1) as 'source' | 'destination'
  if (!tree || isNothing(tree)) {
    if (tree?.kind === 'unreadable') return undefined
    const rule = key === 'source' ? 'file-source-missing' : 'file-destination-missing'
    const message = `${path.slice(0, -key.length - 1)} has no ${key}`
    report({ rule, path, place: tree ?? map, message, cure: `Add \`${key}: …\`.`, given: source ?? '' })
    return undefined
  }
  if (!isText(tree)) {
    const message = `${path} is ${kindOf(tree)}, expected text; the agent fails in Install, when the previous release is gone`
    report({ rule: 'not-text', path, place: tree, message, cure: 'Put it in quotes.', noticedBy: 'install' })
  }
  return printedTree(tree)
}
