import { buildLane } from './build-lane.ts'
import { deflateLane } from './deflate-lane.ts'
import { listLane } from './list-lane.ts'
import { readLane } from './read-lane.ts'

/** The jobs that a lane can do, by name; each is a {@link LaneHandler}. */
export const laneHandlers = { build: buildLane, deflate: deflateLane, list: listLane, read: readLane }

export type LaneKind = keyof typeof laneHandlers
