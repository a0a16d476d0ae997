import type { LifecycleErrorCode } from '../model.ts'

/** How a lifecycle event fails on a host: the facts that reach the API. */
export interface EventFailure {
  readonly code: Exclude<LifecycleErrorCode, 'Success'>
  readonly message: string
  readonly scriptName?: string | undefined
  readonly detail?: string | undefined
  /** Where the agent's own protocol has a code that the API lacks. */
  readonly wireCode?: number | undefined
  /** Whether the command was acknowledged as one that does nothing. */
  readonly isNoop?: boolean | undefined
}

const brand = Symbol('fairlead.EventFailure')

/** Ends an event from within: `runLifecycleEvent` turns it into the result. Nothing else is caught there. */
export function failEvent(failure: EventFailure): Error {
  return Object.assign(new Error(failure.message), { [brand]: failure })
}

/** An event that ends for a reason which the API knows no code for. */
export function failUnknown(message: string, detail?: string, more?: Pick<EventFailure, 'isNoop'>): Error {
  return failEvent({ code: 'UnknownError', message, detail, ...more })
}

/** The failure that {@link failEvent} put into an error, if it did. */
export function eventFailureOf(error: unknown): EventFailure | undefined {
  return error instanceof Error && brand in error ? (error as { [brand]?: EventFailure })[brand] : undefined
}
