import { readFile } from 'node:fs/promises'
import { cliErrors } from '../errors.ts'

/** Reads a file, or standard input for `-`. */
export async function readInput(path: string): Promise<string> {
  if (path === '-') return readStandardInput()
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw cliErrors.INPUT_UNREADABLE({ path, reason: (error as NodeJS.ErrnoException).code ?? 'unreadable' })
  }
}

/** Reads a file that holds a JSON object. */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  const value = parseJson(await readInput(path))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw cliErrors.INPUT_NOT_JSON({ path })
  return value as Record<string, unknown>
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
