import { randomInt } from 'node:crypto'
import type { JsonObject } from '@fairlead/core'
import { optionalFlag, optionalNumber, optionalText, requireKnown, secretFaults } from './input.ts'

/** The kinds of characters, each with the member that leaves it out. */
const kinds = [
  ['ExcludeLowercase', 'abcdefghijklmnopqrstuvwxyz'],
  ['ExcludeUppercase', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
  ['ExcludeNumbers', '0123456789'],
  ['ExcludePunctuation', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
] as const

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html */
export function getRandomPassword(input: JsonObject): JsonObject {
  requireKnown('GetRandomPassword', input, [
    'PasswordLength',
    'ExcludeCharacters',
    'IncludeSpace',
    'RequireEachIncludedType',
    ...kinds.map(([name]) => name),
  ])
  const length = optionalNumber(input, 'PasswordLength') ?? 32
  if (!Number.isInteger(length) || length < 1 || length > 4096) {
    throw secretFaults.invalidParameter('PasswordLength must be between 1 and 4096.')
  }
  const excluded = optionalText(input, 'ExcludeCharacters') ?? ''
  const allowed = (letters: string) => [...letters].filter((letter) => !excluded.includes(letter)).join('')
  const included = kinds
    .filter(([name]) => !optionalFlag(input, name))
    .map(([, letters]) => allowed(letters))
    .filter((letters) => letters !== '')
  const all = included.join('') + (optionalFlag(input, 'IncludeSpace') ? allowed(' ') : '')
  const eachType = input['RequireEachIncludedType'] === undefined || optionalFlag(input, 'RequireEachIncludedType')
  if (all === '' || (eachType && length < included.length)) {
    throw secretFaults.invalidParameter('The password cannot be made of the characters that are left.')
  }
  const pick = (letters: string) => letters[randomInt(letters.length)] as string
  const required = eachType ? included.map(pick) : []
  const password = [...required, ...Array.from({ length: length - required.length }, () => pick(all))]
  return { RandomPassword: shuffle(password).join('') }
}

/** Fisher and Yates. */
function shuffle(letters: readonly string[]): readonly string[] {
  const shuffled = [...letters]
  for (let index = shuffled.length - 1; index > 0; index--) {
    const other = randomInt(index + 1)
    const [a, b] = [shuffled[index] as string, shuffled[other] as string]
    shuffled[index] = b
    shuffled[other] = a
  }
  return shuffled
}
