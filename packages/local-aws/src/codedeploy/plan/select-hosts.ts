import type { HostSelection, TagFilter } from '../model.ts'

/** A host's name and tags. Every host has a tag `Name` with its name, unless it was given another. */
export interface TaggedHost {
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
}

/**
 * The names of the hosts that a group means, in the order in which its filters name them. Hosts here are neither EC2
 * instances nor registered on-premises instances: both kinds of filter find them.
 */
export function selectHosts(hosts: readonly TaggedHost[], selection: HostSelection): readonly string[] {
  const names = [
    ...matchAny(hosts, selection.ec2TagFilters),
    ...matchAny(hosts, selection.onPremisesInstanceTagFilters),
    ...matchEach(hosts, selection.ec2TagSet),
    ...matchEach(hosts, selection.onPremisesTagSet),
  ].map(({ name }) => name)
  return [...new Set(names)]
}

function matchAny(hosts: readonly TaggedHost[], filters: readonly TagFilter[]): readonly TaggedHost[] {
  return filters.flatMap((filter) => hosts.filter(({ tags }) => matches(tags, filter)))
}

function matchEach(hosts: readonly TaggedHost[], set: readonly (readonly TagFilter[])[]): readonly TaggedHost[] {
  const [first = [], ...others] = set
  return matchAny(hosts, first).filter((host) => others.every((filters) => matchAny([host], filters).length > 0))
}

function matches(tags: Readonly<Record<string, string>>, { Key = '', Value = '', Type }: TagFilter): boolean {
  switch (Type) {
    case 'KEY_ONLY':
      return Object.hasOwn(tags, Key)
    case 'VALUE_ONLY':
      return Object.values(tags).includes(Value)
    case 'KEY_AND_VALUE':
      return Object.hasOwn(tags, Key) && tags[Key] === Value
  }
}
