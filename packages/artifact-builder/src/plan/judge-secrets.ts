import type { SecretAllowance, SecretFinding } from '../model.ts'

/** Findings, told apart by the allowances. */
export interface SecretVerdict {
  readonly refused: readonly SecretFinding[]
  readonly allowed: readonly (SecretFinding & { readonly reason: string })[]
  /** Allowances that let nothing pass. */
  readonly stale: readonly SecretAllowance[]
}

/** Sets findings against allowances: an allowance is for one rule in one file, whatever the line. */
export function judgeSecrets(
  findings: readonly SecretFinding[],
  allowances: readonly SecretAllowance[],
): SecretVerdict {
  const fits = (allowance: SecretAllowance, finding: SecretFinding) =>
    allowance.path === finding.path && allowance.rule === finding.rule
  const judged = findings.map((finding) => ({
    finding,
    allowance: allowances.find((allowance) => fits(allowance, finding)),
  }))
  return {
    refused: judged.flatMap(({ finding, allowance }) => (allowance === undefined ? [finding] : [])),
    allowed: judged.flatMap(({ finding, allowance }) =>
      allowance === undefined ? [] : [{ ...finding, reason: allowance.reason }],
    ),
    stale: allowances.filter((allowance) => !findings.some((finding) => fits(allowance, finding))),
  }
}
