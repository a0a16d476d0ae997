/**
 * Apache's `SetEnv`. Double quotes with backslashes before quotes and backslashes; a directive is one line. `${NAME}` is replaced while
 * the file is read, whatever quotes it stands in, and there is no escape for it.
 */
import { fileOrBase64, isPlainName, plainNames, readOrReject, Rejection } from './dialect.ts'
import type { Dialect, Encoding, FileVariable } from './dialect.ts'

export const apache: Dialect = {
  name: 'apache',
  names: plainNames,
  takesName: isPlainName,
  encode,
  read: (text) => readOrReject(text, variablesOf),
}

/** `MAX_STRING_LEN` of httpd.h bounds what `${` is looked for in; a directive may be longer, but not by much everywhere. */
const maxLineBytes = 8190

function encode(name: string, value: string): Encoding {
  const refuse = (reason: string): Encoding => ({ reason, wayOut: fileOrBase64 })
  if (/[\n\r]/.test(value)) return refuse('it holds a line end, and a directive is one line')
  if (/\$\{[^}]*\}/.test(value)) return refuse('it holds ${…}, which Apache replaces, and there is no escape for it')
  const text = `SetEnv ${name} "${value.replaceAll(/[\\"]/g, '\\$&')}"`
  if (new TextEncoder().encode(text).length > maxLineBytes) return refuse('its directive would be longer than 8 KiB')
  return { text }
}

const directive = /^[ \t]*SetEnv[ \t]+(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?:[ \t]+(?:"((?:[^"\\]|\\.)*)"|(\S+)))?[ \t]*$/i

function variablesOf(text: string): readonly FileVariable[] {
  const variables: FileVariable[] = []
  let offset = 0
  for (const line of text.split('\n')) {
    const found = directive.exec(line)
    if (found) {
      const [, quotedName, name, quoted, bare] = found
      const value = (quoted ?? bare ?? '').replaceAll(/\\(["\\])/g, '$1')
      variables.push({ name: name ?? quotedName ?? '', value, expands: /\$\{[^}]*\}/.test(value) })
    } else if (!/^\s*(?:#.*)?$/.test(line)) throw new Rejection('a line is no SetEnv directive', offset)
    offset += line.length + 1
  }
  return variables
}
