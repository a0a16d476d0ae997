import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Ours beside one other tool. */
export interface Row {
  readonly case: string
  readonly peer: string
  readonly ours: number
  readonly theirs: number
  readonly unit: Unit
  /** Theirs divided by ours: above 1, ours is faster or smaller. */
  readonly ratio: number
}

export type Unit = 's' | 'ms' | 'bytes' | 'MiB'

export function makeRow(name: string, peer: string, unit: Unit, [ours, theirs]: readonly [number, number]): Row {
  return {
    case: name,
    peer,
    ours: rounded(ours, unit),
    theirs: rounded(theirs, unit),
    unit,
    ratio: round(theirs / ours, 2),
  }
}

function rounded(value: number, unit: Unit): number {
  return round(value, { s: 3, ms: 2, bytes: 0, MiB: 0 }[unit])
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

/** The middle of the values; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1)
  return middle.reduce((sum, value) => sum + value, 0) / middle.length
}

export function formatTable(rows: readonly Row[]): string {
  const head = ['case', 'peer', 'ours', 'theirs', 'unit', 'ratio']
  const lines = [head, ...rows.map((row) => [row.case, row.peer, row.ours, row.theirs, row.unit, row.ratio.toFixed(2)])]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => String(line[column]).length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => pad(cell ?? '', widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function pad(cell: string | number, width: number): string {
  return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width)
}

/** Writes the rows in the place of those of the same cases, and keeps those of cases that were not measured now. */
export function writeResults(file: string, rows: readonly Row[]): void {
  const measured = new Set(rows.map((row) => row.case))
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Row[]) : []
  const kept = before.filter((row) => !measured.has(row.case))
  mkdirSync(dirname(file), { recursive: true })
  const lines = [...kept, ...rows].map((row) => `  ${JSON.stringify(row)}`)
  writeFileSync(file, `[\n${lines.join(',\n')}\n]\n`)
}
