import { expect, test } from 'vitest'
import { pageOf } from '../../../src/codedeploy/plan/page.ts'

test('pages join to the whole list, each name once', () => {
  for (const length of [0, 1, 2, 3, 4, 5, 6, 7]) {
    const items = Array.from({ length }, (_, index) => `d-${index}`)
    const seen: string[] = []
    let token: string | undefined
    do {
      const page = pageOf(items, token, 3)
      expect(page).toBeDefined()
      seen.push(...(page?.items ?? []))
      token = page?.nextToken
    } while (token !== undefined)
    expect(seen).toEqual(items)
  }
})

test('what is added in front between two pages moves nothing', () => {
  const first = pageOf(['c', 'b', 'a'], undefined, 2)
  expect(first?.items).toEqual(['c', 'b'])
  expect(pageOf(['e', 'd', 'c', 'b', 'a'], first?.nextToken, 2)).toEqual({ items: ['a'] })
})

test('a token that the list did not give is refused', () => {
  expect(pageOf(['a', 'b'], 'bm9ib2R5', 1)).toBeUndefined()
  expect(pageOf([], '', 1)).toBeUndefined()
})
