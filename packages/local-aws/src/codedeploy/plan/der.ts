/** The few forms of DER (ITU-T X.690) that a certificate and a signed message are made of. */

const tags = { integer: 0x02, bits: 0x03, octets: 0x04, null: 0x05, oid: 0x06, text: 0x0c, time: 0x17 } as const

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return encode(0x30, parts)
}

/** A set of one: DER sorts the members of a larger one. */
export function setOf(part: Uint8Array): Uint8Array {
  return encode(0x31, [part])
}

/** A constructed value with a tag of its context, `[number]`. */
export function context(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return encode(0xa0 + number, parts)
}

/** Of unsigned big-endian bytes. */
export function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  const significant = first < 0 ? new Uint8Array([0]) : bytes.subarray(first)
  // A leading bit of one would make it negative.
  const sign = (significant[0] ?? 0) >= 0x80 ? [new Uint8Array([0])] : []
  return encode(tags.integer, [...sign, significant])
}

export function octets(bytes: Uint8Array): Uint8Array {
  return encode(tags.octets, [bytes])
}

/** Whole bytes: no bit of the last one is unused. */
export function bits(bytes: Uint8Array): Uint8Array {
  return encode(tags.bits, [new Uint8Array([0]), bytes])
}

export function nothing(): Uint8Array {
  return encode(tags.null, [])
}

export function text(value: string): Uint8Array {
  return encode(tags.text, [Buffer.from(value, 'utf8')])
}

/** An object identifier in its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return encode(tags.oid, [new Uint8Array([first * 40 + second, ...rest.flatMap(base128)])])
}

/** Of milliseconds since 1970, in the years 1950 to 2049. */
export function time(ms: number): Uint8Array {
  const iso = new Date(ms).toISOString()
  return encode(tags.time, [Buffer.from(`${iso.slice(2, 19).replace(/[-:T]/g, '')}Z`, 'latin1')])
}

function base128(arc: number): readonly number[] {
  const digits = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest % 128) + 128)
  return digits
}

function encode(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts)
  return Buffer.concat([new Uint8Array([tag, ...lengthOf(content.length)]), content])
}

function lengthOf(length: number): readonly number[] {
  if (length < 128) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [128 + bytes.length, ...bytes]
}
