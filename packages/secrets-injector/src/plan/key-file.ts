import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { errors } from '../errors.ts'
import type { KeyChecks } from '../model.ts'
import { isTextValue, type SecretValue } from '../secret-value.ts'
import { isWellFormed } from './env-text.ts'

/**
 * The bytes of a file of its own: exactly those of the secret, no line end added or taken. What says that it is PEM must parse.
 *
 * @throws KEY_FILE_INVALID
 */
export function encodeKeyFile(file: string, secret: string, value: SecretValue): Uint8Array {
  const refuse = (problem: string) => errors.KEY_FILE_INVALID({ file, secret, problem })
  const bytes = isTextValue(value) ? textBytes(value.reveal()) : (value.reveal() as Uint8Array)
  if (bytes === undefined) throw refuse('its text holds half of a surrogate pair, which no encoding of text can')
  const problem = problemOfPem(Buffer.from(bytes).toString('latin1'), file)
  if (problem !== undefined) throw refuse(problem)
  return bytes
}

function textBytes(text: string): Uint8Array | undefined {
  return isWellFormed(text) ? new TextEncoder().encode(text) : undefined
}

/** A file of its own that is about to be written. */
export interface KeyFile {
  readonly path: string
  readonly secret: string
  readonly bytes: Uint8Array
}

/**
 * Checks that keys belong together, and that no certificate has run out.
 *
 * @throws KEY_FILE_INVALID
 */
export function requireKeys(files: readonly KeyFile[], { pairs = [], validForDays }: KeyChecks, nowMs: number): void {
  const fileAt = (path: string) => files.find((file) => file.path === path)!
  for (const { privateKey, publicKey } of pairs) requirePair(fileAt(privateKey), fileAt(publicKey))
  if (validForDays !== undefined) for (const file of files) requireValid(file, validForDays, nowMs)
}

function requirePair(privateFile: KeyFile, publicFile: KeyFile): void {
  const refuse = ({ path: file, secret }: KeyFile, problem: string) =>
    errors.KEY_FILE_INVALID({ file, secret, problem })
  const wanted = keyIn(privateFile, (pem) => createPublicKey(createPrivateKey(pem)))
  if (!wanted) throw refuse(privateFile, 'it holds no private key that can be read without a passphrase')
  const found = keyIn(publicFile, (pem) =>
    pem.includes('CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem),
  )
  if (!found) throw refuse(publicFile, 'it holds neither a certificate nor a public key')
  if (!wanted.equals(found)) throw refuse(publicFile, `it does not belong to the private key in ${privateFile.path}`)
}

function keyIn({ bytes }: KeyFile, read: (pem: string) => KeyObject): KeyObject | undefined {
  try {
    return read(Buffer.from(bytes).toString('latin1'))
  } catch {
    // OpenSSL's words can quote what they could not read.
    return undefined
  }
}

const dayMs = 86_400_000

function requireValid({ path: file, secret, bytes }: KeyFile, days: number, nowMs: number): void {
  const refuse = (problem: string) => errors.KEY_FILE_INVALID({ file, secret, problem })
  for (const certificate of certificatesIn(Buffer.from(bytes).toString('latin1'))) {
    const { validFrom, validTo } = certificate
    if (Date.parse(validFrom) > nowMs) throw refuse(`its certificate is not valid before ${isoDate(validFrom)}`)
    const until = Date.parse(validTo)
    if (until < nowMs) throw refuse(`its certificate ran out on ${isoDate(validTo)}`)
    if (until < nowMs + days * dayMs)
      throw refuse(`its certificate runs out on ${isoDate(validTo)}, within ${days} days`)
  }
}

function certificatesIn(text: string): readonly X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => new X509Certificate(block))
}

function isoDate(date: string): string {
  return new Date(date).toISOString().slice(0, 10)
}

function problemOfPem(text: string, file: string): string | undefined {
  const begins = text.match(/-----BEGIN [^\r\n]*?-----/g) ?? []
  if (begins.length === 0)
    return /\.pem$/i.test(file) ? 'it holds no PEM block, as the name of the file says' : undefined
  const blocks = [...text.matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----\r?\n[\s\S]*?^-----END \1-----(?=\s|$)/gm)]
  if (blocks.length !== begins.length) return 'it has a PEM block that does not end, or no real line ends'
  for (const [block, label = ''] of blocks) {
    if (!parses(block, label)) return `its ${label} block does not parse`
  }
  return undefined
}

/** How node:crypto says so: its own code, and what OpenSSL 3 makes of a prompt that nobody answers (measured, Node 20.20). */
const passphraseWanted: readonly string[] = ['ERR_MISSING_PASSPHRASE', 'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED']

/** OpenSSL's words stay here: they can quote what they could not read. */
function parses(block: string, label: string): boolean {
  try {
    // node:crypto does not read OpenSSH's own format; its magic is what ssh itself looks for (PROTOCOL.key).
    if (label === 'OPENSSH PRIVATE KEY') return isOpenSsh(block)
    if (label.endsWith('PRIVATE KEY')) createPrivateKey(block)
    if (label.endsWith('PUBLIC KEY')) createPublicKey(block)
    if (label === 'CERTIFICATE') new X509Certificate(block)
    return true
  } catch (error) {
    // An encrypted key is well as far as can be seen without its passphrase.
    return passphraseWanted.includes((error as NodeJS.ErrnoException).code ?? '')
  }
}

function isOpenSsh(block: string): boolean {
  const body = block.replaceAll(/-----[^\n]*/g, '')
  return Buffer.from(body, 'base64').toString('latin1').startsWith('openssh-key-v1\0')
}
