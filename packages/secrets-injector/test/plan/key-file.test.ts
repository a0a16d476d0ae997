import { generateKeyPairSync } from 'node:crypto'
import { isDeployError } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { errors } from '../../src/errors.ts'
import { encodeKeyFile } from '../../src/plan/key-file.ts'
import { secretValue } from '../../src/secret-value.ts'

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const sec1 = pair.privateKey.export({ type: 'sec1', format: 'pem' }) as string
const spki = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string
const encrypted = pair.privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'x',
}) as string
const legacyEncrypted = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' }) as string // prettier-ignore
const openSsh = `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from('openssh-key-v1\0rest').toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`
const curve = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'

const encode = (value: string | Uint8Array, file = 'config/jwt/private.pem') =>
  Buffer.from(encodeKeyFile(file, 's', secretValue('s', value)))

describe('a file of its own', () => {
  test.each([
    ['a private key', pkcs8],
    ['without its last line end', pkcs8.trimEnd()],
    ['with CRLF', pkcs8.replaceAll('\n', '\r\n')],
    ['behind a comment', `issued for shop\n${pkcs8}`],
    ['of an elliptic curve, behind its parameters', curve + sec1],
    ['an encrypted key, which only its passphrase can prove', encrypted],
    ['an encrypted key in the old form', legacyEncrypted],
    ['a key of OpenSSH', openSsh],
    ['a public key', spki],
    ['a pair', pkcs8 + spki],
  ])('%s is kept byte for byte', (_what, value) => {
    expect(encode(value)).toEqual(Buffer.from(value))
    expect(encode(Buffer.from(value))).toEqual(Buffer.from(value))
  })

  test.each([
    ['plain text', 'hunter2\n'],
    ['the empty text', ''],
    ['text of other scripts', '🔐 clé'],
    ['bytes that are no text', new Uint8Array([0, 255, 13, 10, 0])],
  ])('%s is kept byte for byte', (_what, value) => {
    expect(encode(value, 'token')).toEqual(Buffer.from(value as string))
  })

  test.each([
    ['no PEM where the name says so', 'hunter2', 'it holds no PEM block, as the name of the file says'],
    [
      'line ends written as \\n',
      pkcs8.replaceAll('\n', '\\n'),
      'it has a PEM block that does not end, or no real line ends',
    ],
    [
      'a key without its last line',
      pkcs8.split('\n').slice(0, -2).join('\n'),
      'it has a PEM block that does not end, or no real line ends',
    ],
    ['an indented key', pkcs8.replaceAll('\n', '\n  '), 'it has a PEM block that does not end, or no real line ends'],
    ['a key of another body', pkcs8.replace(/\n[^-]+\n/, '\naHVudGVyMg==\n'), 'its PRIVATE KEY block does not parse'],
    ['a key cut in its body', pkcs8.replace(/.{12}\n-----END/, '\n-----END'), 'its PRIVATE KEY block does not parse'],
    [
      'a public key of another body',
      spki.replace(/\n[^-]+\n/, '\naHVudGVyMg==\n'),
      'its PUBLIC KEY block does not parse',
    ],
    [
      'a certificate of another body',
      '-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n',
      'its CERTIFICATE block does not parse',
    ],
    [
      'an OpenSSH key of another body',
      openSsh.replace(/\n[^-]+\n/, '\naHVudGVyMg==\n'),
      'its OPENSSH PRIVATE KEY block does not parse',
    ],
    ['half of a surrogate pair', 'a\ud800', 'its text holds half of a surrogate pair, which no encoding of text can'],
  ])('%s is refused', (_what, value, problem) => {
    try {
      encode(value)
      expect.unreachable()
    } catch (error) {
      if (!isDeployError(error, errors.KEY_FILE_INVALID)) throw error
      expect(error.context).toEqual({ file: 'config/jwt/private.pem', secret: 's', problem })
      // OpenSSL's own words can quote the key.
      expect(error.cause).toBeUndefined()
    }
  })
})
