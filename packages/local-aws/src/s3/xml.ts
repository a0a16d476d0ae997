/** An XML element to write. */
export type XmlNode = readonly [name: string, content: XmlContent]
export type XmlContent = string | number | boolean | readonly (XmlNode | undefined)[] | undefined

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** A document of S3's answers; an element whose content is `undefined` is left out. */
export function writeXml(root: string, content: XmlContent, xmlns: string = namespace): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${xmlns}">${writeContent(content ?? '')}</${root}>`
}

/** A document without a namespace, as S3's errors are. */
export function writePlainXml(root: string, content: XmlContent): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${writeContent(content ?? '')}</${root}>`
}

function writeNode(node: XmlNode | undefined): string {
  if (!node || node[1] === undefined) return ''
  const [name, content] = node
  return `<${name}>${writeContent(content)}</${name}>`
}

function writeContent(content: NonNullable<XmlContent>): string {
  return typeof content === 'object' ? content.map(writeNode).join('') : escapeXml(String(content))
}

/** Escapes text; a character that a parser would change or refuse is written as a reference. */
function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\n\t\u0000-\u001f\u007f\ufffe\uffff]/g, (character) => {
    switch (character) {
      case '&':
        return '&amp;'
      case '<':
        return '&lt;'
      case '>':
        return '&gt;'
      case '"':
        return '&quot;'
      case "'":
        return '&apos;'
      default:
        return `&#x${character.charCodeAt(0).toString(16)};`
    }
  })
}
