import type { Clock } from './clock.ts'
import type { DeployEvent } from './events.ts'

/** The options that every effectful function takes. */
export interface AmbientOptions<E extends DeployEvent = DeployEvent> {
  /** Cancels: the promise rejects with `signal.reason` itself, and no timer, socket or temporary file outlives it. */
  readonly signal?: AbortSignal | undefined
  /** Told of each event, in order. An exception that it throws reaches the caller of the verb. */
  readonly onEvent?: ((event: E) => void) | undefined
  /** Default: the clock of this machine. */
  readonly clock?: Clock | undefined
}

/** The names of {@link AmbientOptions}, for `checkOptions`. */
export const ambientOptionNames = ['signal', 'onEvent', 'clock'] as const
