/**
 * The jobs that a lane can do, by name; each is a {@link LaneHandler}. What a thread is not asked to do it does not load.
 */
export const laneHandlers = {
  build: async () => (await import('./build-lane.ts')).buildLane,
  digest: async () => (await import('./digest-lane.ts')).digestLane,
  directory: async () => (await import('./directory-lane.ts')).directoryLane,
  list: async () => (await import('./list-lane.ts')).listLane,
  manifest: async () => (await import('./manifest-lane.ts')).manifestLane,
  read: async () => (await import('./read-lane.ts')).readLane,
}

export type LaneKind = keyof typeof laneHandlers

/**
 * What the first job of a kind would begin with, whatever it is: a thread that waits for its job may as well do it before.
 * The jobs do not depend on it.
 */
export const lanePreparations: Partial<Record<LaneKind, () => Promise<void>>> = {
  build: async () => (await import('./build-lane.ts')).prepareToBuild(),
  list: async () => void (await laneHandlers.list()),
  read: async () => void (await laneHandlers.read()),
}
