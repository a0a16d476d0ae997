/** The names that resources have across services, and the tags that hang on them. */
import type { JsonObject } from '@fairlead/core'
import * as faults from './faults.ts'
import type { CodeDeployState } from './model.ts'
import { readTags } from './tag-input.ts'
import type { Place } from './wire.ts'

export function applicationArn({ account, region }: Place, name: string): string {
  return `arn:aws:codedeploy:${region}:${account}:application:${name}`
}

export function groupArn(
  { account, region }: Place,
  { applicationName, name }: { readonly applicationName: string; readonly name: string },
): string {
  return `arn:aws:codedeploy:${region}:${account}:deploymentgroup:${applicationName}/${name}`
}

/** Of an instance that is registered: AWS appends ten letters and digits, so that a name may come again. */
export function onPremisesArn({ account, region }: Place, name: string, suffix: string): string {
  return `arn:aws:codedeploy:${region}:${account}:instance/${name}_${suffix}`
}

/** Of a host in a deployment: EC2's own name for an instance of its, CodeDeploy's for all others. */
export function hostArn({ account, region }: Place, host: string): string {
  return /^i-[0-9a-f]{8,17}$/.test(host)
    ? `arn:aws:ec2:${region}:${account}:instance/${host}`
    : `arn:aws:codedeploy:${region}:${account}:instance/${host}`
}

/** The tags that a Create action gives its resource. */
export function readResourceTags(input: JsonObject): Readonly<Record<string, string>> {
  return readTags(input, faults.invalidTagsToAdd) ?? {}
}

export function tagResource(
  state: CodeDeployState,
  arn: string,
  tags: Readonly<Record<string, string>>,
): CodeDeployState {
  return { ...state, tags: { ...state.tags, [arn]: { ...state.tags[arn], ...tags } } }
}

export function untagResource(state: CodeDeployState, arn: string, keys: readonly string[]): CodeDeployState {
  const kept = Object.entries(state.tags[arn] ?? {}).filter(([key]) => !keys.includes(key))
  return { ...state, tags: { ...state.tags, [arn]: Object.fromEntries(kept) } }
}

export function forgetTags(state: CodeDeployState, arn: string): CodeDeployState {
  return { ...state, tags: Object.fromEntries(Object.entries(state.tags).filter(([other]) => other !== arn)) }
}

/** The tags of an application and of its groups. */
export function forgetApplicationTags(state: CodeDeployState, place: Place, name: string): CodeDeployState {
  const kept = Object.entries(state.tags).filter(([arn]) => !isOfApplication(arn, place, name))
  return { ...state, tags: Object.fromEntries(kept) }
}

/** An application that is renamed keeps its tags, and so do its groups. */
export function moveApplicationTags(
  state: CodeDeployState,
  place: Place,
  { from, to }: { readonly from: string; readonly to: string },
): CodeDeployState {
  const moved = Object.entries(state.tags).map(([arn, tags]) => {
    if (!isOfApplication(arn, place, from)) return [arn, tags] as const
    const group = arn.slice(groupArn(place, { applicationName: from, name: '' }).length)
    const isGroup = arn !== applicationArn(place, from)
    return [isGroup ? groupArn(place, { applicationName: to, name: group }) : applicationArn(place, to), tags] as const
  })
  return { ...state, tags: Object.fromEntries(moved) }
}

/** A group that is renamed keeps its tags. */
export function moveTags(state: CodeDeployState, from: string, to: string): CodeDeployState {
  const tags = Object.entries(state.tags).map(([arn, own]) => [arn === from ? to : arn, own] as const)
  return { ...state, tags: Object.fromEntries(tags) }
}

function isOfApplication(arn: string, place: Place, name: string): boolean {
  return arn === applicationArn(place, name) || arn.startsWith(groupArn(place, { applicationName: name, name: '' }))
}
