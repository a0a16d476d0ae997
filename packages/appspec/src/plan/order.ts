import type { AppSpecFinding } from '../model.ts'

/** Findings in the order of the file. */
export function inOrder(findings: readonly AppSpecFinding[]): AppSpecFinding[] {
  return [...findings].sort((a, b) => a.line - b.line || a.column - b.column)
}
