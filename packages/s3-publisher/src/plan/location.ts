import type { ObjectLocation } from '@fairlead/core'

/** A location in one line, for messages. */
export function formatLocation(location: ObjectLocation): string {
  if (location.kind === 'folder') return location.path
  const { bucket, key, versionId, eTag } = location
  const pins = [
    versionId === undefined ? undefined : `version ${versionId}`,
    eTag === undefined ? undefined : `eTag ${eTag}`,
  ].filter((pin) => pin !== undefined)
  return `s3://${bucket}/${key}${pins.length > 0 ? ` (${pins.join(', ')})` : ''}`
}
