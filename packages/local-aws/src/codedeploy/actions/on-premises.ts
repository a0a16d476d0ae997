/** Machines that are none of AWS's: they are registered under a name, and the agent on them polls with its own identity. */
import type { JsonObject } from '@fairlead/core'
import { onPremisesArn } from '../arns.ts'
import { readPage, type Action, type ActionContext } from '../context.ts'
import * as faults from '../faults.ts'
import { checkParameters, isName, readObjects, readText, readTexts } from '../input.ts'
import { maximumBatchSize, maximumInstances, maximumInstanceTags } from '../limits.ts'
import type { CodeDeployState, OnPremisesInstance } from '../model.ts'
import { matches } from '../plan/select-hosts.ts'
import { readTagFilter, readTags } from '../tag-input.ts'
import { wireInstance } from '../wire.ts'

export const registerOnPremisesInstance: Action = (input, { state, change, now, place, newSuffix }) => {
  checkParameters('RegisterOnPremisesInstance', input, ['instanceName', 'iamUserArn', 'iamSessionArn'])
  const name = readInstanceName(input)
  const identityArn = readIdentity(input)
  const { instances } = state()
  const here = instances.filter(({ deregisterTime }) => deregisterTime === undefined)
  if (here.some((other) => other.name === name)) throw faults.instanceNameAlreadyRegistered(name)
  if (here.some((other) => other.identityArn === identityArn)) {
    throw isSession(identityArn)
      ? faults.iamSessionArnAlreadyRegistered(identityArn)
      : faults.iamUserArnAlreadyRegistered(identityArn)
  }
  const arn = onPremisesArn(place, name, newSuffix())
  const instance: OnPremisesInstance = { name, arn, identityArn, registerTime: now(), tags: {} }
  change((current) => ({
    ...current,
    instances: [...current.instances.filter((other) => other.name !== name), instance],
  }))
  return {}
}

/** As in AWS, an instance that is not registered can be deregistered. */
export const deregisterOnPremisesInstance: Action = (input, { change, now }) => {
  checkParameters('DeregisterOnPremisesInstance', input, ['instanceName'])
  const name = readInstanceName(input)
  const deregisterTime = now()
  change((state) => changeInstances(state, [name], (instance) => ({ ...instance, tags: {}, deregisterTime })))
  return {}
}

export const getOnPremisesInstance: Action = (input, context) => {
  checkParameters('GetOnPremisesInstance', input, ['instanceName'])
  return { instanceInfo: wireInstance(findInstance(context, readInstanceName(input))) }
}

/** Names that nobody knows are left out of the answer. */
export const batchGetOnPremisesInstances: Action = (input, { state }) => {
  checkParameters('BatchGetOnPremisesInstances', input, ['instanceNames'])
  const names = readInstanceNames(input)
  if (names.length > maximumBatchSize) throw faults.batchLimitExceeded(names.length)
  const { instances } = state()
  return {
    instanceInfos: names.flatMap((name) => instances.filter((instance) => instance.name === name)).map(wireInstance),
  }
}

export const listOnPremisesInstances: Action = (input, { state }) => {
  checkParameters('ListOnPremisesInstances', input, ['registrationStatus', 'tagFilters', 'nextToken'])
  const status = readText(input, 'registrationStatus')
  if (status !== undefined && status !== 'Registered' && status !== 'Deregistered') {
    throw faults.invalidRegistrationStatus(status)
  }
  const filters = (readObjects(input, 'tagFilters') ?? []).map((filter) =>
    readTagFilter(filter, faults.invalidTagFilter),
  )
  const names = state()
    .instances.filter(({ deregisterTime }) => {
      return status === undefined || (status === 'Registered') === (deregisterTime === undefined)
    })
    .filter(({ tags }) => filters.length === 0 || filters.some((filter) => matches(tags, filter)))
    .map(({ name }) => name)
  const { items, nextToken } = readPage(input, names)
  return { instanceNames: [...items], nextToken }
}

export const addTagsToOnPremisesInstances: Action = (input, context) => {
  const { names, tags } = readTagging('AddTagsToOnPremisesInstances', input, context)
  for (const name of names) {
    const instance = findInstance(context, name)
    if (Object.keys({ ...instance.tags, ...tags }).length > maximumInstanceTags) throw faults.tagLimitExceeded(name)
  }
  const add = (instance: OnPremisesInstance) => ({ ...instance, tags: { ...instance.tags, ...tags } })
  context.change((state) => changeInstances(state, names, add))
  return {}
}

/** A tag goes where key and value are the ones given. */
export const removeTagsFromOnPremisesInstances: Action = (input, context) => {
  const { names, tags } = readTagging('RemoveTagsFromOnPremisesInstances', input, context)
  const remove = (instance: OnPremisesInstance) => ({
    ...instance,
    tags: Object.fromEntries(Object.entries(instance.tags).filter(([key, value]) => tags[key] !== value)),
  })
  context.change((state) => changeInstances(state, names, remove))
  return {}
}

function readTagging(
  action: string,
  input: JsonObject,
  context: ActionContext,
): { readonly names: readonly string[]; readonly tags: Readonly<Record<string, string>> } {
  checkParameters(action, input, ['instanceNames', 'tags'])
  const names = readInstanceNames(input)
  if (names.length > maximumInstances) throw faults.instanceLimitExceeded(names.length)
  const tags = readTags(input, (message) => faults.invalidTag('on-premises', message))
  if (!tags || Object.keys(tags).length === 0) throw faults.tagRequired()
  for (const name of names) {
    if (findInstance(context, name).deregisterTime !== undefined) throw faults.instanceNotRegistered(name)
  }
  return { names, tags }
}

function changeInstances(
  state: CodeDeployState,
  names: readonly string[],
  change: (instance: OnPremisesInstance) => OnPremisesInstance,
): CodeDeployState {
  return {
    ...state,
    instances: state.instances.map((instance) => (names.includes(instance.name) ? change(instance) : instance)),
  }
}

function findInstance({ state }: ActionContext, name: string): OnPremisesInstance {
  const instance = state().instances.find((candidate) => candidate.name === name)
  if (!instance) throw faults.instanceNotRegistered(name)
  return instance
}

function readInstanceName(input: JsonObject): string {
  return checkInstanceName(readText(input, 'instanceName'))
}

function readInstanceNames(input: JsonObject): readonly string[] {
  const names = readTexts(input, 'instanceNames')
  if (!names || names.length === 0) throw faults.instanceNameRequired()
  return names.map(checkInstanceName)
}

/** `i-` is how EC2's instances begin; AWS's own CLI refuses it too. */
function checkInstanceName(name: string | undefined): string {
  if (!name) throw faults.instanceNameRequired()
  if (!isName(name) || name.startsWith('i-')) throw faults.invalidInstanceName(name)
  return name
}

function readIdentity(input: JsonObject): string {
  const [user, session] = [readText(input, 'iamUserArn'), readText(input, 'iamSessionArn')]
  if (user && session) throw faults.multipleIamArnsProvided()
  if (user) {
    if (!/^arn:aws[\w-]*:iam::\d{12}:user\/\S+$/.test(user)) throw faults.invalidIamUserArn(user)
    return user
  }
  if (!session) throw faults.iamArnRequired()
  if (!isSession(session)) throw faults.invalidIamSessionArn(session)
  return session
}

function isSession(arn: string): boolean {
  return /^arn:aws[\w-]*:sts::\d{12}:assumed-role\/[^/\s]+\/\S+$/.test(arn)
}
