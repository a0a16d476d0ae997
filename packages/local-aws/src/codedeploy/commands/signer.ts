/**
 * Signs what an agent is told. The official agent takes a specification only in a signed envelope (PKCS #7 SignedData,
 * RFC 2315) that carries the signer's certificate; it checks the signature and not whom the certificate belongs to.
 */
import { createPublicKey, generateKeyPair, randomBytes, sign, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { bits, context, integer, nothing, octets, oid, sequence, setOf, text, time } from '../plan/der.ts'

const day = 24 * 60 * 60 * 1000
const version1 = integer(new Uint8Array([1]))
const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'), nothing())
const rsa = sequence(oid('1.2.840.113549.1.1.1'), nothing())
const rsaWithSha256 = sequence(oid('1.2.840.113549.1.1.11'), nothing())
const data = oid('1.2.840.113549.1.7.1')
const signedData = oid('1.2.840.113549.1.7.2')
const commonName = oid('2.5.4.3')

export interface Signer {
  /** The message in a signed envelope, as PEM. */
  readonly seal: (message: string) => string
}

/** A signer with a key and a certificate of its own, which nobody vouches for. `nowMs` is milliseconds since 1970. */
export async function makeSigner(nowMs: number): Promise<Signer> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const serial = integer(randomBytes(16))
  const name = sequence(setOf(sequence(commonName, text('local-aws'))))
  const certificate = makeCertificate(privateKey, { serial, name, nowMs })
  return {
    seal: (message) => {
      const content = Buffer.from(message, 'utf8')
      const signerInfo = sequence(
        version1,
        sequence(name, serial),
        sha256,
        rsa,
        octets(sign('sha256', content, privateKey)),
      )
      const envelope = sequence(
        version1,
        setOf(sha256),
        sequence(data, context(0, octets(content))),
        context(0, certificate),
        setOf(signerInfo),
      )
      return toPem(sequence(signedData, context(0, envelope)))
    },
  }
}

function makeCertificate(
  privateKey: KeyObject,
  { serial, name, nowMs }: { readonly serial: Uint8Array; readonly name: Uint8Array; readonly nowMs: number },
): Uint8Array {
  const version3 = context(0, integer(new Uint8Array([2])))
  // A day back, for a host whose clock is behind.
  const validity = sequence(time(nowMs - day), time(nowMs + 365 * day))
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const body = sequence(version3, serial, rsaWithSha256, name, validity, name, publicKey)
  return sequence(body, rsaWithSha256, bits(sign('sha256', body, privateKey)))
}

function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN PKCS7-----\n${lines.join('\n')}\n-----END PKCS7-----\n`
}
