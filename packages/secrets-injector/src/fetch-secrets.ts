import { coreErrors, isDeployError } from '@fairlead/core'
import { errors } from './errors.ts'
import { maxConcurrentGets, maxPagesPerBatch } from './limits.ts'
import type { InjectionPlan, SecretRequest } from './model.ts'
import { answers, planFetch, problemOfBatch } from './plan/batches.ts'
import { requestKey } from './plan/sources.ts'
import {
  batchAction,
  getAction,
  type AnsweredSecret,
  type RefusedSecret,
  type SecretsPort,
} from './ports/secrets-manager.ts'
import type { SecretValue } from './secret-value.ts'

export interface FetchedSecret {
  readonly versionId: string
  readonly value: SecretValue
}

export interface FetchEvents {
  readonly fetched: (name: string, versionId: string) => void
  /** May wait before the secrets are asked for one by one. */
  readonly batchUnavailable: (reason: 'denied' | 'throttled', secrets: readonly string[]) => Promise<void>
}

/**
 * Fetches each request once; the answer has all of them, under their {@link requestKey}, or the promise rejects. Only what is optional
 * may be missing.
 */
export async function fetchSecrets(
  { secrets: requests, optional }: Pick<InjectionPlan, 'secrets' | 'optional'>,
  port: SecretsPort,
  events: FetchEvents,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FetchedSecret>> {
  const fetched = new Map<string, FetchedSecret>()
  const keep = (request: SecretRequest, answer: AnsweredSecret, action: string) => {
    const secret = requireWhole(request, answer, action)
    fetched.set(requestKey(request), secret)
    events.fetched(request.name, secret.versionId)
  }
  const optionalKeys = new Set(optional.map(requestKey))
  const mayBeMissing = (request: SecretRequest, error: unknown) =>
    isDeployError(error, errors.SECRET_NOT_FOUND) && optionalKeys.has(requestKey(request))
  const { getBatch } = port
  const plan = getBatch ? planFetch(requests) : { batches: [], singles: requests }
  const singles = [...plan.singles]
  for (const batch of plan.batches) {
    const { answered, left } = await fetchBatch(batch, getBatch!, events, mayBeMissing, signal)
    for (const [request, answer] of answered) keep(request, answer, batchAction)
    singles.push(...left)
  }
  await eachOf(singles, signal, async (request, cancel) => {
    try {
      keep(request, await port.getOne(request, cancel), getAction)
    } catch (error) {
      if (!mayBeMissing(request, error)) throw error
    }
  })
  return fetched
}

interface BatchResult {
  readonly answered: readonly (readonly [SecretRequest, AnsweredSecret])[]
  /** Those that are to be asked for one by one. */
  readonly left: readonly SecretRequest[]
}

async function fetchBatch(
  batch: readonly SecretRequest[],
  getBatch: NonNullable<SecretsPort['getBatch']>,
  events: FetchEvents,
  mayBeMissing: (request: SecretRequest, error: unknown) => boolean,
  signal: AbortSignal,
): Promise<BatchResult> {
  const ids = batch.map(({ name }) => name)
  const values: AnsweredSecret[] = []
  const refused: RefusedSecret[] = []
  try {
    let nextToken: string | undefined
    for (let page = 1; page === 1 || nextToken !== undefined; page++) {
      if (page > maxPagesPerBatch)
        throw invalid(batchAction, ids.join(', '), `it has more than ${maxPagesPerBatch} pages`)
      const answer = await getBatch(ids, nextToken, signal)
      values.push(...answer.values)
      refused.push(...answer.refused)
      nextToken = answer.nextToken
    }
  } catch (error) {
    const reason = isDeployError(error, coreErrors.AWS_ACCESS_DENIED)
      ? 'denied'
      : isDeployError(error, coreErrors.AWS_THROTTLED)
        ? 'throttled'
        : undefined
    if (reason === undefined) throw error
    // What a part of the pages said is asked for again: it is one answer, whole or not at all.
    await events.batchUnavailable(reason, ids)
    return { answered: [], left: batch }
  }
  const found = [...values, ...refused.map(({ id }) => ({ name: id, arn: id }))]
  const wrong = problemOfBatch(ids, found)
  if (wrong) throw invalid(batchAction, wrong.secret, wrong.problem)
  const isMissing = (request: SecretRequest) =>
    refused.some(({ id, error }) => id === request.name && mayBeMissing(request, error))
  const failed = refused.find(
    ({ id, error }) => error && !batch.some((request) => request.name === id && isMissing(request)),
  )
  if (failed?.error) throw failed.error
  const isRefused = ({ name }: SecretRequest) => refused.some(({ id }) => id === name)
  const answered = batch
    .filter((request) => !isRefused(request))
    .map((request) => {
      const answer = values.find((value) => answers(request.name, value))
      return [request, answer!] as const
    })
  return { answered, left: batch.filter((request) => isRefused(request) && !isMissing(request)) }
}

function requireWhole(request: SecretRequest, answer: AnsweredSecret, action: string): FetchedSecret {
  const { name, versionId: version, versionStage } = request
  const { value, versionId, stages } = answer
  if (!answers(name, answer)) throw invalid(action, name, 'it is about another secret')
  if (value === undefined) throw invalid(action, name, 'it holds no value')
  if (versionId === undefined) throw invalid(action, name, 'it names no version')
  if (version !== undefined && version !== versionId) throw invalid(action, name, 'it is about another version')
  if (versionStage !== undefined && stages.length > 0 && !stages.includes(versionStage)) {
    throw invalid(action, name, 'it is about another stage')
  }
  return { value, versionId }
}

function invalid(action: string, secret: string, problem: string) {
  return errors.SECRETS_ANSWER_INVALID({ action, secret, problem })
}

/** Runs a task for each item, a few at once. The first failure cancels the others, and is thrown when all have ended. */
async function eachOf<T>(
  items: readonly T[],
  signal: AbortSignal,
  task: (item: T, cancel: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const cancel = AbortSignal.any([signal, stop.signal])
  const waiting = items.values()
  const failures: unknown[] = []
  const worker = async () => {
    for (const item of waiting) {
      if (cancel.aborted) return
      try {
        await task(item, cancel)
      } catch (error) {
        failures.push(error)
        stop.abort()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(maxConcurrentGets, items.length) }, worker))
  signal.throwIfAborted()
  if (failures.length > 0) throw failures[0]
}
