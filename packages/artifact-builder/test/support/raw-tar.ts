/** An entry of a tar that is written by hand, so that it can be wrong in one place. */
export interface RawTarEntry {
  readonly name: string
  /** Type letter. Default: `0`, a file. */
  readonly type?: string | undefined
  readonly data?: string | Uint8Array | undefined
  /** Octal digits. Default: 644. */
  readonly mode?: string | undefined
  /** Octal digits, or the whole field. Default: that of the data. */
  readonly size?: string | Uint8Array | undefined
  readonly link?: string | undefined
  readonly uid?: string | undefined
  readonly user?: string | undefined
  /** Default: `ustar`, zero, `00`. */
  readonly magic?: string | undefined
  /** Added to the right checksum. */
  readonly checksumOff?: number | undefined
  readonly prefix?: string | Uint8Array | undefined
  /** What fills the data up. Default: zeros. */
  readonly padding?: number | undefined
}

/** A tar of these entries, after POSIX pax, ended by two blocks of zeros. */
export function rawTar(entries: readonly RawTarEntry[], end: Uint8Array = Buffer.alloc(1024)): Buffer {
  return Buffer.concat([...entries.flatMap(rawEntry), end])
}

/** An extended header of these records. */
export function extended(records: Readonly<Record<string, string>>): RawTarEntry {
  return { name: 'PaxHeader', type: 'x', data: Object.entries(records).map(record).join('') }
}

/** `<length> <key>=<value>\n`, the length counting itself. */
function record([key, value]: readonly [string, string]): string {
  const rest = ` ${key}=${value}\n`
  let length = Buffer.byteLength(rest)
  while (length !== Buffer.byteLength(`${length}${rest}`)) length = Buffer.byteLength(`${length}${rest}`)
  return `${length}${rest}`
}

function rawEntry(entry: RawTarEntry): readonly Buffer[] {
  const { name, type = '0', mode = '644', link = '', uid = '0', user = '', magic = 'ustar\x0000', prefix = '' } = entry
  const data = Buffer.from(entry.data ?? '')
  const { size = data.length.toString(8).padStart(11, '0'), checksumOff = 0, padding = 0 } = entry
  const block = Buffer.alloc(512)
  const put = (value: string | Uint8Array, offset: number) => block.set(Buffer.from(value), offset)
  put(name, 0)
  put(`${mode.padStart(7, '0')}`, 100)
  put(uid.padStart(7, '0'), 108)
  put('0000000', 116)
  put(size, 124)
  put('00000000000', 136)
  put(type, 156)
  put(link, 157)
  put(magic, 257)
  put(user, 265)
  put(prefix, 345)
  const sum = block.reduce((total, byte) => total + byte, 8 * 0x20) + checksumOff
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return [block, data, Buffer.alloc((512 - (data.length % 512)) % 512, padding)]
}
