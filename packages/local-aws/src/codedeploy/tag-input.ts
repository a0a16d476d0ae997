/** Reads tags and filters of tags. */
import type { JsonObject } from '@fairlead/core'
import * as faults from './faults.ts'
import { isObject, readList, readObject, readObjects, readText } from './input.ts'
import { maximumTagGroups } from './limits.ts'
import type { TagFilter } from './model.ts'

type Kind = 'EC2' | 'on-premises'

/** Filters and tag set of one kind, of which a call may give one; nothing where it gives neither. */
export function readTagFilters(
  input: JsonObject,
  kind: Kind,
  filtersName: string,
  setName: string,
  listName: string,
): { readonly filters: readonly TagFilter[]; readonly set: readonly (readonly TagFilter[])[] } | undefined {
  const refuse = (message: string) => faults.invalidTag(kind, message)
  const filters = readObjects(input, filtersName)?.map((filter) => readTagFilter(filter, refuse))
  const tagSet = readObject(input, setName)
  if (!filters && !tagSet) return undefined
  const set = (tagSet ? (readList(tagSet, listName) ?? []) : []).map((list) => {
    if (!Array.isArray(list) || !list.every(isObject))
      throw faults.serialization(listName, 'a list of lists of filters')
    return list.map((filter) => readTagFilter(filter, refuse))
  })
  if (filters && filters.length > 0 && set.length > 0) throw faults.invalidTagCombination(kind)
  if (set.length > maximumTagGroups) throw faults.tagSetListLimitExceeded(set.length)
  return { filters: filters ?? [], set }
}

/** `refuse` makes the error of a filter that is none. */
export function readTagFilter(filter: JsonObject, refuse: (message: string) => Error): TagFilter {
  const Key = readText(filter, 'Key')
  const Value = readText(filter, 'Value')
  const Type = readText(filter, 'Type') ?? 'KEY_AND_VALUE'
  if (Type !== 'KEY_ONLY' && Type !== 'VALUE_ONLY' && Type !== 'KEY_AND_VALUE') {
    throw refuse(`The filter type is ${Type}; expected KEY_ONLY, VALUE_ONLY or KEY_AND_VALUE.`)
  }
  if (Type !== 'VALUE_ONLY' && !Key) throw refuse(`A filter of the type ${Type} needs a Key.`)
  if (Type !== 'KEY_ONLY' && Value === undefined) {
    throw refuse(`A filter of the type ${Type} needs a Value.`)
  }
  return { Key, Value, Type }
}

/** Tags as a record; `refuse` makes the error of a tag without a key. */
export function readTags(
  input: JsonObject,
  refuse: (message: string) => Error,
): Readonly<Record<string, string>> | undefined {
  const tags = readObjects(input, 'tags')?.map((tag) => {
    const key = readText(tag, 'Key')
    if (!key || key.length > 128) throw refuse('A tag needs a Key of at most 128 characters.')
    const value = readText(tag, 'Value') ?? ''
    if (value.length > 256) throw refuse(`The value of the tag ${key} has more than 256 characters.`)
    return [key, value] as const
  })
  return tags && Object.fromEntries(tags)
}
