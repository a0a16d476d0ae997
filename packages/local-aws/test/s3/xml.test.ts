import { describe, expect, test } from 'vitest'
import { childrenOf, parseXml, textOf } from '../../src/ports/xml-parser.ts'
import { writeXml } from '../../src/s3/xml.ts'

describe('the XML of an answer', () => {
  test('leaves out what is undefined, and keeps zero, false and the empty text', () => {
    expect(writeXml('A', [['B', undefined], ['C', 0], ['D', false], ['E', ''], undefined], 'urn:x')).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<A xmlns="urn:x"><C>0</C><D>false</D><E></E></A>',
    )
  })

  test.each(['<&>"\'', ']]>', ' padded ', 'a\r\nb\tc', '&amp;', 'größe 🚢', '%20+', '1e5', '007', 'true'])(
    'comes back as it was: %j',
    async (text) => {
      const element = childrenOf(await parseXml(writeXml('A', [['B', text]])), 'A')[0]
      expect(textOf(element, 'B')).toBe(text)
    },
  )
})

describe('the XML of a request', () => {
  test.each(['<A>', '<A></B>', 'text', '<A></A><B></B>', '<!DOCTYPE a [<!ENTITY x "y">]><A>&x;</A>', '<A>&</A'])(
    'is refused where it is not well-formed: %j',
    async (text) => {
      const parsed = await parseXml(text)
      expect(parsed === undefined || childrenOf(parsed, 'A').length === 0).toBe(true)
    },
  )
})
