import { systemClock, timestamp } from '@fairlead/core'
import { errors } from './errors.ts'
import { fetchSecrets, type FetchedSecret } from './fetch-secrets.ts'
import { maxFallbackPauseMs } from './limits.ts'
import type { FetchOptions, InjectionEvent, InjectionPlan } from './model.ts'
import { anyUpTo } from './ports/chance.ts'
import { secretsManager } from './ports/secrets-manager.ts'
import { secretsOfStore } from './ports/store.ts'

export type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never
export type Emit = (event: Untimed<InjectionEvent>) => void

/** Tells an event, with the time that it is. */
export function emitter({ clock = systemClock, onEvent }: FetchOptions): Emit {
  return (event) => onEvent?.({ at: timestamp(clock), ...event } as InjectionEvent)
}

/**
 * Fetches the secrets of a plan, in the time that there is.
 *
 * @throws SECRETS_TIMED_OUT, SECRET_NOT_FOUND, SECRET_DELETED, SECRET_NOT_DECRYPTED, SECRET_KEY_DENIED, SECRET_REQUEST_REFUSED,
 * SECRET_STORE_FAILED, SECRETS_ANSWER_INVALID, AWS_…
 */
export async function fetchPlanned(
  plan: Pick<InjectionPlan, 'secrets' | 'optional'>,
  options: FetchOptions,
  emit: Emit,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FetchedSecret>> {
  if (plan.secrets.length === 0) return new Map()
  const { clock = systemClock, store, timeoutMs, jitterMs = 0 } = options
  const deadline = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  const stop = deadline ? AbortSignal.any([signal, deadline]) : signal
  const port = store ? secretsOfStore(store) : secretsManager(options)
  const events = {
    fetched: (name: string, versionId: string) =>
      emit({ type: 'secrets.secret-fetched', summary: `fetched ${name}, version ${versionId}`, name, versionId }),
    batchUnavailable: async (reason: 'denied' | 'throttled', secrets: readonly string[]) => {
      const summary = `secretsmanager:BatchGetSecretValue is ${reason}; fetching ${secrets.length} secrets one by one`
      emit({ type: 'secrets.batch-unavailable', summary, reason, secrets })
      // The other hosts of the fleet were throttled at the same moment.
      if (reason === 'throttled') await clock.sleep(anyUpTo(maxFallbackPauseMs), stop)
    },
  }
  try {
    if (jitterMs > 0) await clock.sleep(anyUpTo(jitterMs), stop)
    return await fetchSecrets(plan, port, events, stop)
  } catch (error) {
    if (!signal.aborted && deadline?.aborted) throw errors.SECRETS_TIMED_OUT({ timeoutMs: timeoutMs! })
    throw error
  } finally {
    port.close()
  }
}
