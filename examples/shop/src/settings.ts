import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { importPKCS8, type CryptoKey } from 'jose'

export interface Settings {
  readonly shopName: string
  readonly currency: string
  readonly databaseUrl: string
  readonly maxOrderEur: number
  readonly sessionKey: CryptoKey
}

/** Reads what is the same everywhere from `.env`, and what this environment adds from `.env.local` and the key file. */
export async function readSettings(folder: string): Promise<Settings> {
  const files = await Promise.all(['.env', '.env.local'].map((name) => readFile(join(folder, name), 'utf8')))
  const values = Object.assign({}, ...files.map((file) => parse(file))) as Record<string, string>
  const required = (name: string) => {
    const value = values[name]
    if (!value) throw new Error(`the setting ${name} is missing`)
    return value
  }
  return {
    shopName: required('SHOP_NAME'),
    currency: required('CURRENCY'),
    databaseUrl: required('DATABASE_URL'),
    maxOrderEur: Number(required('MAX_ORDER_EUR')),
    sessionKey: await importPKCS8(await readFile(join(folder, 'config/jwt/private.pem'), 'utf8'), 'RS256'),
  }
}
