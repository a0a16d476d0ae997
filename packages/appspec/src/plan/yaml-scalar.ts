import type { ScalarTree, Tree } from './tree.ts'

/**
 * What the official agent takes a scalar for. It reads YAML 1.1 with Ruby's Psych, where `0644` is the number 420, `yes`
 * a truth and `1_000` a thousand; what it prints of a value, or turns into text, is what is left then.
 * Source: the agent's own use of `YAML.load`, seen in the vectors `mode-0644-unquoted` and `hooks-location-number`.
 */
export type ScalarValue =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'truth'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: number; readonly text: string; readonly isWhole: boolean }
  /** Begins with a colon; the text is without it. */
  | { readonly kind: 'symbol'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }

const wholeNumber = /^(?:[-+]?0b[01_,]+|[-+]?0[0-7_,]+|[-+]?(?:0|[1-9](?:[0-9]|,[0-9]|_[0-9])*)|[-+]?0x[0-9a-fA-F_,]+)$/
const sexagesimal = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}$/
const fraction = /^[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][-+][0-9]+)?$/
const date = /^\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)$/
const time = /^-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?$/

/** Whether an unquoted scalar is a date or a time, which the agent refuses wherever it stands. */
export function isDate(text: string): boolean {
  return date.test(text) || time.test(text)
}

export function scalarValueOf({ text, quoted }: Pick<ScalarTree, 'text' | 'quoted'>): ScalarValue {
  if (quoted) return { kind: 'text', text }
  if (text === '' || text === '~' || /^null$/i.test(text)) return { kind: 'nothing' }
  if (/^(?:yes|true|on)$/i.test(text)) return { kind: 'truth', value: true }
  if (/^(?:no|false|off)$/i.test(text)) return { kind: 'truth', value: false }
  if (/^[-+]?\.inf$/i.test(text) || /^\.nan$/i.test(text)) {
    const value = /nan/i.test(text) ? NaN : text.startsWith('-') ? -Infinity : Infinity
    return { kind: 'number', value, text: String(value), isWhole: false }
  }
  if (/^:./.test(text)) return { kind: 'symbol', text: text.replace(/^:(?:(["'])(.*)\1)?/, '$2') }
  if (sexagesimal.test(text)) return whole(text.split(':').reduce((sum, part, at) => sum + sixties(part, at), 0))
  if (fraction.test(text) && !/^[-+]?\.$/.test(text)) {
    const value = Number(text.replace(/[,_]/g, '').replace(/\.(?=[eE]|$)/, ''))
    return { kind: 'number', value, text: rubyFloat(value), isWhole: false }
  }
  return wholeNumber.test(text) ? whole(integerOf(text)) : { kind: 'text', text }
}

/** The value as the agent prints it, and as it turns it into text. */
export function printedScalar(value: ScalarValue): string {
  switch (value.kind) {
    case 'nothing':
      return ''
    case 'truth':
      return String(value.value)
    case 'number':
    case 'symbol':
    case 'text':
      return value.text
  }
}

/** A part of the file as the agent prints it in a message. */
export function printedTree(tree: Tree | undefined): string {
  if (!tree || tree.kind === 'unreadable') return ''
  return tree.kind === 'scalar' ? printedScalar(scalarValueOf(tree)) : inspectedTree(tree)
}

function inspectedTree(tree: Tree): string {
  switch (tree.kind) {
    case 'unreadable':
      return 'nil'
    case 'list':
      return `[${tree.items.map(inspectedTree).join(', ')}]`
    case 'map':
      return `{${tree.entries.map(({ key, value }) => `${inspectedTree(key)}=>${inspectedTree(value)}`).join(', ')}}`
    case 'scalar': {
      const value = scalarValueOf(tree)
      if (value.kind === 'nothing') return 'nil'
      return value.kind === 'text' ? JSON.stringify(value.text) : printedScalar(value)
    }
  }
}

function whole(value: number): ScalarValue {
  return { kind: 'number', value, text: String(value), isWhole: true }
}

/** Psych multiplies the first part by 3600 and the second by 60, however many parts there are. */
function sixties(part: string, at: number): number {
  return Number(part.replaceAll('_', '')) * 60 ** Math.abs(at - 2)
}

function integerOf(text: string): number {
  const digits = text.replace(/[,_]/g, '')
  const sign = digits.startsWith('-') ? -1 : 1
  const bare = digits.replace(/^[-+]/, '')
  const octal = /^0[0-7]+$/.test(bare)
  return sign * (octal ? Number.parseInt(bare, 8) : Number(bare)) + 0
}

/** Ruby prints a float always with a point: `1.0`, `1.0e+20`. */
function rubyFloat(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  if (/^-?\d+$/.test(text)) return `${text}.0`
  return text.replace(/^(-?\d+)e/, '$1.0e')
}
