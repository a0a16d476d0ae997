import type { DeployEvent } from '@fairlead/core'
import { expect, test } from 'vitest'
import { createContext } from '../../src/command-context.ts'

const event = (type: DeployEvent['type'], atMs: number): DeployEvent => ({
  type,
  at: new Date(Date.UTC(2026, 0, 2) + atMs).toISOString(),
  summary: `${type} ${atMs}`,
})

/** What is told of progress at these times, with another event after it. */
function linesOf(options: { readonly json?: boolean; readonly quiet?: boolean }, timesMs: readonly number[]) {
  const lines: string[] = []
  const io = { stdout: () => {}, stderr: (text: string) => lines.push(text), signal: new AbortController().signal }
  const { onEvent } = createContext(io, options, () => {}).ambient
  for (const atMs of timesMs) onEvent(event('artifact.progress', atMs))
  onEvent(event('artifact.written', timesMs.at(-1) ?? 0))
  return lines
}

const everyTenth = Array.from({ length: 25 }, (_, index) => index * 100)

test('progress has a line a second, and every other event its own', () => {
  expect(linesOf({}, everyTenth).map((line) => line.slice(10))).toEqual([
    'artifact.progress 1000\n',
    'artifact.progress 2000\n',
    'artifact.written 2400\n',
  ])
})

test('what ends within a second shows no progress', () => {
  expect(linesOf({}, [0, 300, 900])).toHaveLength(1)
})

test('with --json every event is told, with --quiet none', () => {
  expect(linesOf({ json: true }, everyTenth)).toHaveLength(26)
  expect(linesOf({ quiet: true }, everyTenth)).toEqual([])
})
