import { expect, test } from 'vitest'
import { lifecycleEvents } from '@fairlead/appspec'
import { chooseRevision, type RevisionChoice } from '../../src/plan/choose-revision.ts'

const inPlace = { type: 'IN_PLACE', creator: 'user' } as const
const rollback = { type: 'BLUE_GREEN', creator: 'codeDeployRollback' } as const

test.each(lifecycleEvents)('%s takes its scripts from the new revision once that is unpacked', (event) => {
  expect(chooseRevision(event, inPlace, { isUnpacked: true })).toBe('current')
  expect(chooseRevision(event, rollback, { isUnpacked: true })).toBe('current')
})

test.each<[string, RevisionChoice, RevisionChoice]>([
  ['BeforeBlockTraffic', 'last-successful', 'most-recent'],
  ['AfterBlockTraffic', 'last-successful', 'most-recent'],
  ['ApplicationStop', 'last-successful', 'last-successful'],
  ['BeforeInstall', 'current', 'current'],
  ['ValidateService', 'current', 'current'],
  ['BeforeAllowTraffic', 'current', 'last-successful'],
  ['AfterAllowTraffic', 'current', 'last-successful'],
])(
  'before that, %s takes them from the %s one, in a blue/green rollback from the %s one',
  (event, usual, inRollback) => {
    const name = event as (typeof lifecycleEvents)[number]
    expect(chooseRevision(name, inPlace, { isUnpacked: false })).toBe(usual)
    expect(chooseRevision(name, rollback, { isUnpacked: false })).toBe(inRollback)
    expect(chooseRevision(name, { ...rollback, creator: 'user' }, { isUnpacked: false })).toBe(usual)
  },
)
