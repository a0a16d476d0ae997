/**
 * `docker run --env-file`, the CLI up to 28: a line is `NAME=` and then the value as it stands, quotes, spaces, `#` and all. There is
 * no escape, and a line has an end.
 */
import { isPlainName, lastOfEach, plainNames, type Dialect, type Encoding, type FileReading } from './dialect.ts'

/** Go's bufio.MaxScanTokenSize, of which the line end takes a part. */
const maxLineBytes = 64 * 1024 - 2

export const docker: Dialect = {
  name: 'docker',
  names: plainNames,
  takesName: isPlainName,
  encode,
  read,
}

const wayOut =
  'Mount the secret as a file of its own (`files`), or store it in base64 and decode it in the application.'

function encode(name: string, value: string): Encoding {
  if (value.includes('\n')) return { reason: 'it holds a line end, and the file has no escape for one', wayOut }
  if (value.endsWith('\r'))
    return { reason: 'it ends in a carriage return, which is taken for a part of the line end', wayOut }
  const text = `${name}=${value}`
  if (new TextEncoder().encode(text).length > maxLineBytes) {
    return { reason: 'its line would be 64 KiB or longer, which docker does not read', wayOut }
  }
  return { text }
}

/** `Parse` of docker/cli, pkg/kvfile. A name alone takes its value from the environment. */
function read(text: string): FileReading {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  const variables = lines
    .map((line) => line.replace(/\r$/, '').replace(/^\s+/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name = '', ...value] = line.split('=')
      return { name, value: value.join('='), expands: value.length === 0 }
    })
  const wrong = lines.findIndex((line) => /^\s*(?:=|[^=#]*[ \t][^=]*=)/.test(line))
  if (wrong !== -1) return { rejected: 'a line does not begin with a variable name', line: wrong + 1 }
  return { variables: lastOfEach(variables) }
}
