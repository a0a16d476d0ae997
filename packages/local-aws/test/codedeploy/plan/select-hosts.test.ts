import { expect, test } from 'vitest'
import type { HostSelection, TagFilter } from '../../../src/codedeploy/model.ts'
import { selectHosts } from '../../../src/codedeploy/plan/select-hosts.ts'

const hosts = [
  { name: 'web-1', tags: { Name: 'web-1', role: 'web', tier: 'gold' } },
  { name: 'web-2', tags: { Name: 'web-2', role: 'web' } },
  { name: 'worker', tags: { Name: 'worker', role: 'worker', tier: 'gold' } },
]
const none: HostSelection = {
  ec2TagFilters: [],
  onPremisesInstanceTagFilters: [],
  ec2TagSet: [],
  onPremisesTagSet: [],
}
const equal = (Key: string, Value: string): TagFilter => ({ Key, Value, Type: 'KEY_AND_VALUE' })
const key = (Key: string): TagFilter => ({ Key, Type: 'KEY_ONLY' })
const value = (Value: string): TagFilter => ({ Value, Type: 'VALUE_ONLY' })

const rows: readonly (readonly [string, Partial<HostSelection>, readonly string[]])[] = [
  ['no filter finds no host', {}, []],
  ['a key and a value', { ec2TagFilters: [equal('role', 'web')] }, ['web-1', 'web-2']],
  ['any of several filters', { ec2TagFilters: [equal('role', 'worker'), key('tier')] }, ['worker', 'web-1']],
  [
    'the order of the filters is the order of the hosts',
    { onPremisesInstanceTagFilters: [equal('Name', 'web-2'), equal('Name', 'web-1')] },
    ['web-2', 'web-1'],
  ],
  ['a value under any key', { onPremisesInstanceTagFilters: [value('gold')] }, ['web-1', 'worker']],
  [
    'a tag set wants one of each list',
    { ec2TagSet: [[equal('role', 'web'), equal('role', 'worker')], [key('tier')]] },
    ['web-1', 'worker'],
  ],
  [
    'both kinds add up, each host once',
    { ec2TagFilters: [key('tier')], onPremisesTagSet: [[key('role')]] },
    ['web-1', 'worker', 'web-2'],
  ],
  ['a key that every object inherits is no tag', { ec2TagFilters: [key('constructor')] }, []],
]

test.each(rows)('%s', (_name, selection, expected) => {
  expect(selectHosts({ hosts, onPremises: [] }, { ...none, ...selection })).toEqual(expected)
})
