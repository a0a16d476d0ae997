import { coreErrors, describeValue, type ArtifactStore } from '@fairlead/core'

/** An option that is none of what the verb takes. */
export function refuseOption(verb: string, option: string, given: unknown, expected: string) {
  return coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected })
}

/** @throws INVALID_OPTION */
export function requireStore(verb: string, store: ArtifactStore | undefined): asserts store is ArtifactStore {
  if (typeof store?.find !== 'function' || typeof store.swapHead !== 'function') {
    throw refuseOption(verb, 'store', store, 'a store, for example s3Store({ bucket })')
  }
}

/** @throws INVALID_OPTION */
export function requireClient(verb: string, client: { readonly send: unknown } | undefined): void {
  if (client !== undefined && typeof client?.send !== 'function') {
    throw refuseOption(verb, 'client', client, 'a client of @aws-sdk/client-codedeploy')
  }
}
