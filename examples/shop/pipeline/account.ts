import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'

/** Stops a pipeline that holds the credentials of another account than it was written for. */
export async function requireAccount(expected: string): Promise<void> {
  const client = new STSClient({})
  const { Account } = await client.send(new GetCallerIdentityCommand({}))
  client.destroy()
  if (Account !== expected)
    throw new Error(`these are credentials of account ${Account}; this pipeline is for ${expected}`)
}
