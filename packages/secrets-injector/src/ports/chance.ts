import { randomInt } from 'node:crypto'

/** Any whole number from 0 to a limit, the limit included. */
export function anyUpTo(limit: number): number {
  return limit <= 0 ? 0 : randomInt(Math.floor(limit) + 1)
}
