import type { LedgerEntry } from '@fairlead/core'

/** An entry of a ledger; its deployment is named by its sequence, and began a minute after the one before. */
export function entryOf(facts: Partial<LedgerEntry> & { readonly sequence: number }): LedgerEntry {
  const at = (seconds: number) =>
    new Date(Date.parse('2026-11-22T10:00:00Z') + facts.sequence * 60_000 + seconds * 1000).toISOString()
  return {
    schema: 'fairlead/ledger-entry/1',
    target: { application: 'shop', deploymentGroup: 'dev' },
    deploymentId: `d-${facts.sequence}`,
    commit: '4'.repeat(40),
    sha256: 'a'.repeat(64),
    location: { kind: 's3', bucket: 'artifacts', key: 'k.zip', versionId: 'v1', eTag: 'e1' },
    status: 'succeeded',
    startedAt: at(0),
    endedAt: at(10),
    recordedAt: at(20),
    by: 'ci@build',
    ...facts,
  }
}
