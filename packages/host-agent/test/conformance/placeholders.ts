/** A byte that is no UTF-8, as text: it becomes a byte when it is written, and text again when it is read. */
const invalidByte = '{{invalid-utf8}}'

/** Fills in the placeholders of the vectors. */
export function fillIn<T>(
  value: T,
  placeholders: Readonly<Record<string, string | undefined>>,
  idOf: (step: number) => string,
): T {
  const text = JSON.stringify(value)
  if (text === undefined) return value
  const filled = text.replace(/\{\{([^}]*)\}\}/g, (whole, name: string) => {
    const [word = '', ...rest] = name.split(':')
    if (word === 'deploymentId') return idOf(Number(rest[0]))
    if (word === 'repeat') {
      const character = rest.slice(0, -1).join(':')
      return character.repeat(Number(rest.at(-1)))
    }
    const known = placeholders[word]
    return known === undefined ? whole : JSON.stringify(known).slice(1, -1)
  })
  return JSON.parse(filled) as T
}

export function toBytes(text: string): Buffer {
  const [first = '', ...rest] = text.split(invalidByte)
  return Buffer.concat([Buffer.from(first), ...rest.flatMap((piece) => [Buffer.from([0xff]), Buffer.from(piece)])])
}

/** Bytes as text, each that is no UTF-8 as its placeholder. */
export function toText(bytes: Buffer): string {
  let text = ''
  for (let start = 0; start < bytes.length;) {
    const length = characterLength(bytes, start)
    text += length === 0 ? invalidByte : bytes.toString('utf8', start, start + length)
    start += Math.max(length, 1)
  }
  return text
}

function characterLength(bytes: Buffer, start: number): number {
  const first = bytes[start] ?? 0
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0
  return bytes.toString('utf8', start, start + length).includes('\uFFFD') ? 0 : length
}
