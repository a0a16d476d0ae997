import fc from 'fast-check'
import { isDeployError } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { appSpecErrors } from '../src/errors.ts'
import { parseAppSpec } from '../src/parse-app-spec.ts'
import { renderAppSpec } from '../src/render-app-spec.ts'

const text = `version: 0.0 # stays
os: linux
files:
  - source: /
    destination: $(ROOT)/shop
permissions:
  - { object: "$(ROOT)/shop", mode: $(MODE) }
`

describe('variables', () => {
  test('are filled in, each into a text in quotes; all else stays as it is', () => {
    expect(renderAppSpec(text, { variables: { ROOT: '/srv', MODE: '0644' } })).toBe(`version: 0.0 # stays
os: linux
files:
  - source: /
    destination: "/srv/shop"
permissions:
  - { object: "/srv/shop", mode: "0644" }
`)
  })

  test('that have no value, and values that nobody wants, are refused together', () => {
    try {
      renderAppSpec(text, { variables: { ROOT: '/srv', MOOD: '1' } })
      expect.unreachable()
    } catch (error) {
      if (!isDeployError(error, appSpecErrors.APPSPEC_VARIABLES)) throw error
      expect(error.context).toEqual({ missing: [{ name: 'MODE', line: 7, column: 37 }], unused: ['MOOD'] })
    }
  })

  test('are left alone behind two dollars and in comments', () => {
    const other = 'a: $$(ROOT)\nb: 1 # $(ROOT)\n'
    expect(renderAppSpec(other, { variables: {} })).toBe('a: "$(ROOT)"\nb: 1 # $(ROOT)\n')
  })

  test('whatever a value holds, it is one value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
        const rendered = renderAppSpec('version: 0.0\nos: linux\nfiles: [{source: a$(V), destination: /d}]\n', {
          variables: { V: value },
        })
        expect(parseAppSpec(rendered).files).toEqual([{ source: `a${value}`, destination: '/d' }])
      }),
    )
  })
})
