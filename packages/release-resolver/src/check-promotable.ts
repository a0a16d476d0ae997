import { ambientOptionNames, checkOptions, parseRelease, systemClock, timestamp, type Release } from '@fairlead/core'
import { refuseOption, requireClient, requireStore } from './given.ts'
import type { CheckPromotableOptions, Gate, PromotionFinding } from './model.ts'

/**
 * Asks every gate whether a release may be promoted, and answers why it may not; an empty list means that it may.
 * Never throws for a finding; throws where a gate cannot find out.
 *
 * @throws INVALID_RECORD, INVALID_OPTION, UNKNOWN_OPTION, and what the gates throw; `signal.reason` when cancelled
 */
export async function checkPromotable(
  release: Release,
  options: CheckPromotableOptions,
): Promise<readonly PromotionFinding[]> {
  return askGates('checkPromotable', release, options)
}

/** The check under the name of the verb that makes it. */
export async function askGates(
  verb: string,
  release: Release,
  options: CheckPromotableOptions,
): Promise<readonly PromotionFinding[]> {
  checkOptions(verb, options ?? {}, ['store', 'gates', 'repository', 'client', ...ambientOptionNames])
  const { store, client, signal, onEvent, clock = systemClock } = options ?? {}
  requireStore(verb, store)
  requireClient(verb, client)
  const gates = requireGates(verb, options.gates)
  const given = parseRelease(release)
  const repository = options.repository ?? given.repository
  if (typeof repository !== 'string') throw refuseOption(verb, 'repository', repository, 'the path of a clone')
  const findings: PromotionFinding[] = []
  for (const gate of gates) {
    signal?.throwIfAborted()
    const found = await gate.check(given, { store, repository, client, signal, clock })
    findings.push(...found.map(({ code, message, hint }) => ({ gate: gate.name, code, message, hint })))
    const at = timestamp(clock)
    if (found.length === 0) {
      onEvent?.({ type: 'promotion.gate-passed', at, summary: `${given.tag} passes: ${gate.name}`, gate: gate.name })
    } else {
      const summary = `${given.tag} is refused: ${found.map(({ message }) => message).join('; ')}`
      onEvent?.({ type: 'promotion.gate-refused', at, summary, gate: gate.name, codes: found.map(({ code }) => code) })
    }
  }
  return findings
}

function requireGates(verb: string, gates: readonly Gate[]): readonly Gate[] {
  // No gate at all lets everything through, which is seldom what an empty list was meant to say.
  if (!Array.isArray(gates) || gates.length === 0) {
    throw refuseOption(verb, 'gates', gates, 'a list of at least one gate')
  }
  const wrong = gates.findIndex(
    (gate: Gate | undefined) => typeof gate?.check !== 'function' || typeof gate.name !== 'string',
  )
  if (wrong !== -1) throw refuseOption(verb, 'gates', gates[wrong], 'gates, for example deployedTo(dev)')
  return gates
}
