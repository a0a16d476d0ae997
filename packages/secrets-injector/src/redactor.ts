import type { SecretValue } from './secret-value.ts'

/** Shorter pieces stand in ordinary words too, and would be taken out of all of them. */
const shortestPiece = 4

/**
 * Makes a function that takes secrets out of lines of a team's own log: a value as it stands, in base64 (alone or inside of more),
 * in base64url, in hexadecimal, URL-encoded, escaped as JSON, and each of its lines. What is taken out reads `[secret NAME]`. Values
 * and lines of less than four characters are left, since they are parts of ordinary words.
 */
export function redactor(secrets: Iterable<SecretValue>): (text: string) => string {
  const labels = new Map<string, string>()
  for (const secret of secrets) {
    for (const piece of piecesOf(secret.reveal())) {
      if (piece.length >= shortestPiece && !labels.has(piece)) labels.set(piece, `[secret ${secret.name}]`)
    }
  }
  // The longest first: a secret can be a part of another one.
  const pieces = [...labels.keys()].sort((a, b) => b.length - a.length)
  if (pieces.length === 0) return (text) => text
  const pattern = new RegExp(pieces.map((piece) => piece.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g')
  return (text) => text.replaceAll(pattern, (piece) => labels.get(piece) ?? '')
}

function piecesOf(value: string | Uint8Array): readonly string[] {
  const bytes = Buffer.from(value as string)
  const text = bytes.toString('utf8')
  const whole = [text, ...inBase64(bytes), bytes.toString('hex'), bytes.toString('hex').toUpperCase()]
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim())
  return [...whole, ...lines].flatMap(spellings)
}

/** How a text is written inside of a URL, of a form and of JSON. */
function spellings(text: string): readonly string[] {
  const escaped = JSON.stringify(text).slice(1, -1)
  const encoded = encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'))
  const strict = encoded.replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  return [text, escaped, encoded, strict, strict.replaceAll('%20', '+'), encoded.toLowerCase()]
}

/** Base64 of the bytes at each of the three places that they can have in a longer text; what its neighbours share is left out. */
function inBase64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes])
    const full = padded.toString('base64').replace(/=+$/, '')
    const shared = padded.length % 3 === 0 ? 0 : 1
    const middle = full.slice(before === 0 ? 0 : before + 1, full.length - shared)
    const forms = before === 0 ? [full, middle] : [middle]
    return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
  })
}
