/** An element's children by name, or its text. */
export type XmlValue = string | readonly XmlValue[] | { readonly [name: string]: XmlValue }

/**
 * Parses a request's XML; `undefined` where it is not well-formed. Every element is a list, text stays text, and no
 * entity but the five of XML itself and character references is expanded. The parser is loaded by the first of them.
 */
export async function parseXml(text: string): Promise<{ readonly [name: string]: XmlValue } | undefined> {
  const { XMLParser, XMLValidator } = await import('fast-xml-parser')
  if (/<!DOCTYPE/i.test(text) || XMLValidator.validate(text) !== true) return undefined
  const parser = new XMLParser({
    ignoreAttributes: true,
    ignoreDeclaration: true,
    parseTagValue: false,
    trimValues: false,
    processEntities: true,
    htmlEntities: true,
    removeNSPrefix: true,
    isArray: () => true,
  })
  return parser.parse(text) as { readonly [name: string]: XmlValue }
}

/** The elements of that name inside an element. */
export function childrenOf(element: XmlValue | undefined, name: string): readonly XmlValue[] {
  if (typeof element !== 'object' || Array.isArray(element)) return []
  const children = (element as { readonly [name: string]: XmlValue })[name]
  return Array.isArray(children) ? (children as readonly XmlValue[]) : []
}

/** The names of the elements inside an element. */
export function namesIn(element: XmlValue): readonly string[] {
  return typeof element === 'object' && !Array.isArray(element)
    ? Object.keys(element).filter((name) => name !== '#text')
    : []
}

/** The text of the first element of that name; `undefined` where there is none. */
export function textOf(element: XmlValue | undefined, name: string): string | undefined {
  const child = childrenOf(element, name)[0]
  if (child === undefined) return undefined
  if (typeof child === 'string') return child
  const text = (child as { readonly [name: string]: XmlValue })['#text']
  return typeof text === 'string' ? text : ''
}
