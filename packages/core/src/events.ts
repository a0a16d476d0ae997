/** What every event of every library has. Libraries print nothing: they tell, and the caller shows. */
export interface DeployEvent {
  /** `<package's noun>.<what happened>`, for example `artifact.written`. */
  readonly type: `${string}.${string}`
  /** When it happened: ISO 8601, UTC, with milliseconds. */
  readonly at: string
  /** One line for people. Never holds a secret. */
  readonly summary: string
}

/** Turns an event into a line: the time of day in UTC and the summary. */
export function formatEvent(event: DeployEvent): string {
  return `${event.at.slice(11, 19)}  ${event.summary}`
}
