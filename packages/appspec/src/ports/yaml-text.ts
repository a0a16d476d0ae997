import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  parseDocument,
  visit,
  type Node,
} from 'yaml'
import type { ScalarPiece } from '../plan/render-text.ts'
import { isDate, scalarValueOf } from '../plan/yaml-scalar.ts'
import type { ScalarTree, Tree, TreeDefect, TreeReading } from '../plan/tree.ts'

/** Reads YAML text into a tree whose parts know their place. Never throws for what the text holds. */
export function readYaml(text: string): TreeReading {
  const lineCounter = new LineCounter()
  // Duplicate keys are reported by the reader of the tree, with the path; every scalar's source is kept, since the
  // agents disagree on what an unquoted 0644 means. The agent reads the first document and none of the others.
  const documents = parseAllDocuments(text, {
    lineCounter,
    prettyErrors: false,
    uniqueKeys: false,
    keepSourceTokens: true,
  })
  const [document, second] = Array.isArray(documents) ? documents : []
  if (!document) return { root: undefined, defects: [] }
  const placeOf = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const defects: TreeDefect[] = []
  if (text.startsWith('\uFEFF')) {
    defects.push({ rule: 'byte-order-mark', message: 'the file begins with a byte order mark', line: 1, column: 1 })
  }
  for (const problem of [...document.errors, ...document.warnings]) {
    const rule = problem.code === 'TAG_RESOLVE_FAILED' ? 'yaml-tag' : 'yaml-syntax'
    defects.push({ rule, message: firstLine(problem.message), ...placeOf(problem.pos[0]) })
  }
  const read = (node: Node | null | undefined, near: number): Tree => {
    const offset = node?.range?.[0] ?? near
    const place = placeOf(offset)
    if (!node) return { kind: 'scalar', text: '', quoted: false, ...place }
    if (isAlias(node)) {
      defects.push({ rule: 'yaml-alias', message: `*${node.source} is an alias`, ...place })
      return { kind: 'unreadable', ...place }
    }
    if (isSeq<Node | null>(node)) {
      return { kind: 'list', items: node.items.map((item) => read(item, offset)), ...place }
    }
    if (isMap<Node | null, Node | null>(node)) {
      const entries = node.items.flatMap((pair) => {
        const key = read(pair.key, offset)
        const after = pair.key?.range?.[1] ?? offset
        const value = read(pair.value, after)
        if (key.kind === 'scalar') return [{ key, value }]
        if (key.kind !== 'unreadable') {
          const { line, column } = key
          defects.push({ rule: 'yaml-syntax', message: 'a key is a list or a map', line, column })
        }
        return []
      })
      return { kind: 'map', entries, ...place }
    }
    if (isScalar(node)) {
      const quoted = node.type !== 'PLAIN' || node.tag === 'tag:yaml.org,2002:str'
      const value = typeof node.value === 'string' ? node.value : String(node.value ?? '')
      const written = quoted ? value : (node.source ?? value)
      if (!quoted && isDate(written)) {
        defects.push({ rule: 'yaml-date', message: `${written} is a date in YAML, which the agent refuses`, ...place })
        return { kind: 'unreadable', ...place }
      }
      const scalar: ScalarTree = { kind: 'scalar', text: written, quoted, ...place }
      return scalar
    }
    return { kind: 'unreadable', ...place }
  }
  const broken = defects.some(({ rule }) => rule === 'yaml-syntax')
  const contents = document.contents
  const isEmpty = contents === null || (isScalar(contents) && contents.value === null)
  const secondAt = second?.contents?.range?.[0] ?? second?.range?.[0]
  return {
    root: broken || isEmpty ? undefined : read(contents as Node, 0),
    defects,
    ...(secondAt === undefined ? {} : { second: placeOf(secondAt) }),
  }
}

/** Every scalar of a YAML text, keys included, with its place. */
export function findScalars(text: string): readonly ScalarPiece[] {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false })
  const pieces: ScalarPiece[] = []
  visit(document, {
    Scalar: (_key, node) => {
      if (!node.range || typeof node.value !== 'string') return
      const { line, col } = lineCounter.linePos(node.range[0])
      pieces.push({ value: node.value, start: node.range[0], end: node.range[1], line, column: col })
    },
  })
  return pieces
}

/** Writes a plain value as YAML: texts unfolded, no aliases, and quotes around every text that an agent could read as something else. */
export function writeYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false, version: '1.1' })
  // The library leaves texts bare that Psych reads as a symbol (`:stop`) or refuses, such as some that begin with `?`.
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && !isPlainEverywhere(node.value)) node.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0 })
}

function isPlainEverywhere(text: string): boolean {
  const holdsNoIndicator = /^[\p{L}\d/._$][\p{L}\d/._*$-]*$/u.test(text)
  return holdsNoIndicator && scalarValueOf({ text, quoted: false }).kind === 'text' && !isDate(text)
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message
}
