/** Items in groups of a size, the last one smaller: what is done to a group at once is done in a fraction of the calls. */
export function* inGroups<T>(items: Iterable<T>, size: number): Generator<readonly T[], void, undefined> {
  let group: T[] = []
  for (const item of items) {
    group.push(item)
    if (group.length < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
