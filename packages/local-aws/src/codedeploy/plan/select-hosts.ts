import type { CodeDeployState, HostSelection, TagFilter, TargetInstances } from '../model.ts'

/** A host's name and tags. Every host has a tag `Name` with its name, unless it was given another. */
export interface TaggedHost {
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
}

/** What filters can find. */
export interface Fleet {
  /** What stands for a machine here is both to the filters: an EC2 instance and an on-premises instance. */
  readonly hosts: readonly TaggedHost[]
  /** Found by filters of on-premises instances alone. */
  readonly onPremises: readonly TaggedHost[]
}

export const noHosts: HostSelection = {
  ec2TagFilters: [],
  onPremisesInstanceTagFilters: [],
  ec2TagSet: [],
  onPremisesTagSet: [],
}

/** What there is: hosts that were terminated are gone, and so are instances that were deregistered. */
export function fleetOf(hosts: readonly TaggedHost[], { instances, terminated }: CodeDeployState): Fleet {
  const gone = new Set(terminated)
  const registered = new Map(
    instances.filter(({ deregisterTime }) => deregisterTime === undefined).map((instance) => [instance.name, instance]),
  )
  const here = hosts
    .filter(({ name }) => !gone.has(name))
    // A host that is registered too has the tags of both.
    .map(({ name, tags }) => ({ name, tags: { ...tags, ...registered.get(name)?.tags } }))
  const names = new Set(hosts.map(({ name }) => name))
  return { hosts: here, onPremises: [...registered.values()].filter(({ name }) => !names.has(name)) }
}

/** The names of the hosts that a group means, in the order in which its filters name them. */
export function selectHosts({ hosts, onPremises }: Fleet, selection: HostSelection): readonly string[] {
  const everywhere = [...hosts, ...onPremises]
  const names = [
    ...matchAny(hosts, selection.ec2TagFilters),
    ...matchAny(everywhere, selection.onPremisesInstanceTagFilters),
    ...matchEach(hosts, selection.ec2TagSet),
    ...matchEach(everywhere, selection.onPremisesTagSet),
  ].map(({ name }) => name)
  return [...new Set(names)]
}

/** The hosts that replace the originals of a blue/green deployment. */
export function selectReplacements(fleet: Fleet, { tagFilters, tagSet }: TargetInstances): readonly string[] {
  return selectHosts(fleet, { ...noHosts, ec2TagFilters: tagFilters, ec2TagSet: tagSet })
}

function matchAny(hosts: readonly TaggedHost[], filters: readonly TagFilter[]): readonly TaggedHost[] {
  if (filters.every(isOneName)) return findByName(hosts, filters)
  return filters.flatMap((filter) => hosts.filter(({ tags }) => matches(tags, filter)))
}

function isOneName({ Key, Type }: TagFilter): boolean {
  return Type === 'KEY_AND_VALUE' && Key === 'Name'
}

/** A seeded group names each of its hosts: a thousand filters over a thousand hosts are a million comparisons. */
function findByName(hosts: readonly TaggedHost[], filters: readonly TagFilter[]): readonly TaggedHost[] {
  const byName = new Map<string | undefined, TaggedHost[]>()
  for (const host of hosts) {
    const name = Object.hasOwn(host.tags, 'Name') ? host.tags['Name'] : undefined
    const others = byName.get(name)
    if (others) others.push(host)
    else byName.set(name, [host])
  }
  return filters.flatMap(({ Value }) => (Value === undefined ? [] : (byName.get(Value) ?? [])))
}

function matchEach(hosts: readonly TaggedHost[], set: readonly (readonly TagFilter[])[]): readonly TaggedHost[] {
  const [first = [], ...others] = set
  return matchAny(hosts, first).filter((host) => others.every((filters) => matchAny([host], filters).length > 0))
}

/** Whether a host's tags fit a filter. */
export function matches(tags: Readonly<Record<string, string>>, { Key = '', Value = '', Type }: TagFilter): boolean {
  switch (Type) {
    case 'KEY_ONLY':
      return Object.hasOwn(tags, Key)
    case 'VALUE_ONLY':
      return Object.values(tags).includes(Value)
    case 'KEY_AND_VALUE':
      return Object.hasOwn(tags, Key) && tags[Key] === Value
  }
}
