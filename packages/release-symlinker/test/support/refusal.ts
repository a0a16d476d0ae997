import { isDeployError } from '@fairlead/core'

/** The code and the words of a refusal, in one line of text for a table. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('nothing was refused'),
    (caught: unknown) => caught,
  )
  return isDeployError(error) ? `${error.code}: ${error.message}` : String(error)
}
