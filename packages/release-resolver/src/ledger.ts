import {
  formatTarget,
  ledgerEntryKey,
  ledgerHeadKey,
  parseLedgerEntry,
  parseLedgerHead,
  readStoredText,
  type ArtifactStore,
  type Clock,
  type LedgerEntry,
  type LedgerHead,
  type StoreBody,
  type Target,
  textBody,
} from '@fairlead/core'
import { errors } from './errors.ts'
import { ledgerRaceDelayMs, maxClockSkewMs, maxLedgerRaces, maxRecentEntries } from './limits.ts'
import { planLedgerHead } from './plan/ledger.ts'

/** A target's ledger in a store. */
export interface LedgerPlace {
  readonly store: ArtifactStore
  readonly target: Target
  readonly signal?: AbortSignal | undefined
}

/** What writing found. */
export interface Placed {
  readonly entry: LedgerEntry
  /** It was there before. */
  readonly already: boolean
}

/**
 * The state of a target, entries included that a writer put into the history and, being killed or slow, not into the
 * head yet: the newest verdict counts from the moment it is written.
 */
export async function readLedger(place: LedgerPlace): Promise<LedgerHead | undefined> {
  let head = (await readStoredHead(place)).head
  for (;;) {
    const next = await findEntry(place, (head?.latest.sequence ?? 0) + 1)
    if (!next) return head
    head = planLedgerHead(head, next)
  }
}

/** The entries before a sequence number, newest first. */
export async function* readEntriesBefore(place: LedgerPlace, sequence: number): AsyncGenerator<LedgerEntry, void> {
  for (let next = sequence - 1; next >= 1; next--) yield await readEntry(place, next)
}

/** The entry of a deployment, where it was recorded before. `startedAt` is the deployment's. */
export async function findRecorded(
  place: LedgerPlace,
  head: LedgerHead | undefined,
  deployment: { readonly deploymentId: string; readonly startedAt: string },
): Promise<LedgerEntry | undefined> {
  if (!head) return undefined
  const known = head.recent.find(({ deploymentId }) => deploymentId === deployment.deploymentId)
  if (known) return readEntry(place, known.sequence)
  const oldest = head.recent.at(-1)
  if (!oldest || head.recent.length < maxRecentEntries) return undefined
  // A deployment is recorded after it began: one that began after that entry was written stands behind it, if anywhere.
  const { recordedAt } = await readEntry(place, oldest.sequence)
  if (Date.parse(deployment.startedAt) > Date.parse(recordedAt) + maxClockSkewMs) return undefined
  for await (const entry of readEntriesBefore(place, oldest.sequence)) {
    if (entry.deploymentId === deployment.deploymentId) return entry
  }
  return undefined
}

/**
 * Appends an entry. The history is the authority: an entry takes the next free number there, create-only; then the head
 * follows by compare-and-swap. Whoever finds a number taken first carries that entry into the head, so that a writer
 * who was killed between the two steps is finished by the next one; nobody waits for anybody.
 *
 * @throws LEDGER_BUSY
 */
export async function appendEntry(
  place: LedgerPlace,
  entry: Omit<LedgerEntry, 'sequence'>,
  options: { readonly clock: Clock; readonly onRepair: (entry: LedgerEntry) => void },
): Promise<Placed> {
  const { store, target, signal } = place
  const headKey = ledgerHeadKey(target)
  let mine = false
  for (let races = 0; races < maxLedgerRaces;) {
    const { head, revision } = await readStoredHead(place)
    const known = await findRecorded(place, head, entry)
    if (known) return { entry: known, already: !mine }
    const sequence = (head?.latest.sequence ?? 0) + 1
    const key = ledgerEntryKey(target, sequence)
    const { created } = await store.put(key, jsonBody({ ...entry, sequence }), { signal })
    mine ||= created
    const placed = created ? { ...entry, sequence } : await readEntry(place, sequence)
    const value = JSON.stringify(planLedgerHead(head, placed), null, 2)
    const swapped = await store.swapHead(headKey, { expected: revision, value }, { signal })
    const own = placed.deploymentId === entry.deploymentId
    if (swapped && own) return { entry: placed, already: !mine }
    if (swapped) options.onRepair(placed)
    else {
      races++
      await options.clock.sleep(Math.random() * ledgerRaceDelayMs, signal)
    }
  }
  throw errors.LEDGER_BUSY({ target: formatTarget(target), races: maxLedgerRaces, store: store.url })
}

async function readStoredHead({
  store,
  target,
  signal,
}: LedgerPlace): Promise<{ readonly head: LedgerHead | undefined; readonly revision: string | undefined }> {
  const key = ledgerHeadKey(target)
  const stored = await store.readHead(key, { signal })
  return { head: stored && parseLedgerHead(stored.value, `${store.url}/${key}`), revision: stored?.revision }
}

async function readEntry({ store, target, signal }: LedgerPlace, sequence: number): Promise<LedgerEntry> {
  const key = ledgerEntryKey(target, sequence)
  return parseLedgerEntry(await readStoredText(store, key, { signal }), `${store.url}/${key}`)
}

async function findEntry(place: LedgerPlace, sequence: number): Promise<LedgerEntry | undefined> {
  const { store, target, signal } = place
  const found = await store.find(ledgerEntryKey(target, sequence), { signal })
  return found && readEntry(place, sequence)
}

function jsonBody(value: LedgerEntry): StoreBody {
  return textBody(`${JSON.stringify(value, null, 2)}\n`)
}
