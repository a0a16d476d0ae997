import { checkOptions, coreErrors, describeValue, isCommitId, systemClock, timestamp } from '@fairlead/core'
import { errors } from './errors.ts'
import { commitPrefixLength, defaultProbe, maxProbeBodyBytes } from './limits.ts'
import type { ProbeOptions, ProbeReport, ReleaseAmbientOptions } from './model.ts'
import { get, type HttpAnswer } from './ports/http.ts'

/** A probe with its defaults, checked. */
export interface Probe {
  readonly url: URL
  readonly expectCommit: string | undefined
  readonly header: string
  readonly expectStatus: number | undefined
  readonly timeoutMs: number
  readonly attempts: number
  readonly intervalMs: number
  readonly requestHeaders: Readonly<Record<string, string>>
}

export const probeOptionNames = [
  'url',
  'expectCommit',
  'header',
  'expectStatus',
  'timeoutMs',
  'attempts',
  'intervalMs',
  'requestHeaders',
] as const satisfies readonly (keyof ProbeOptions)[]

/**
 * Checks the options of a probe before anything changes. `commit` is that of the release.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function readProbe(verb: string, options: ProbeOptions, commit: string | undefined): Probe {
  checkOptions(verb, options, probeOptionNames)
  const refuse = (option: string, given: unknown, expected: string): never => {
    throw coreErrors.INVALID_OPTION({ verb, option: `probe.${option}`, given: describeValue(given), expected })
  }
  const whole = (option: 'timeoutMs' | 'attempts' | 'intervalMs', least: number): number => {
    const value = options[option] ?? defaultProbe[option]
    return Number.isSafeInteger(value) && value >= least
      ? value
      : refuse(option, value, `a whole number, ${least} or more`)
  }
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return refuse('url', options.url, 'an address that begins with http: or https:')
  }
  const { expectStatus, header = 'x-release-commit', requestHeaders = {} } = options
  if (expectStatus !== undefined && !(Number.isInteger(expectStatus) && expectStatus >= 100 && expectStatus <= 599)) {
    refuse('expectStatus', expectStatus, 'a status of HTTP, from 100 to 599')
  }
  if (typeof header !== 'string' || header === '') refuse('header', header, 'the name of a response header')
  return {
    url,
    expectCommit: expectedCommit(options.expectCommit, commit, refuse),
    header: header.toLowerCase(),
    expectStatus,
    timeoutMs: whole('timeoutMs', 1),
    attempts: whole('attempts', 1),
    intervalMs: whole('intervalMs', 0),
    requestHeaders,
  }
}

function expectedCommit(
  asked: ProbeOptions['expectCommit'],
  commit: string | undefined,
  refuse: (option: string, given: unknown, expected: string) => never,
): string | undefined {
  if (asked === undefined) return undefined
  if (asked === true) return commit ?? refuse('expectCommit', asked, 'a commit: that of the release is not known')
  if (typeof asked !== 'string' || !isCommitId(asked))
    return refuse('expectCommit', asked, 'a full git commit id or true')
  if (commit !== undefined && asked !== commit) {
    return refuse('expectCommit', asked, `${commit}, the commit of the release, or true`)
  }
  return asked
}

/**
 * Asks until an answer passes.
 *
 * @throws PROBE_FAILED; `signal.reason` when cancelled
 */
export async function runProbe(probe: Probe, ambient: ReleaseAmbientOptions): Promise<ProbeReport> {
  const { signal, onEvent, clock = systemClock } = ambient
  const { attempts, intervalMs } = probe
  const url = probe.url.href
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    const verdict = await ask(probe, signal)
    if (verdict.passed) return { url, status: verdict.status, attempt, commitIn: verdict.commitIn }
    const { reason } = verdict
    const summary = `probe ${attempt} of ${attempts} at ${url} did not pass: ${reason}`
    onEvent?.({ type: 'probe.refused', at: timestamp(clock), summary, url, attempt, reason })
    if (attempt >= attempts) throw errors.PROBE_FAILED({ url, attempts, reason })
    await clock.sleep(intervalMs, signal)
  }
}

type Verdict =
  | { readonly passed: true; readonly status: number; readonly commitIn: 'header' | 'body' | undefined }
  | { readonly passed: false; readonly reason: string }

async function ask(probe: Probe, signal: AbortSignal | undefined): Promise<Verdict> {
  const { url, requestHeaders, timeoutMs } = probe
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), timeoutMs)
  try {
    const either = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal
    return judge(probe, await get(url, { headers: requestHeaders, maxBodyBytes: maxProbeBodyBytes, signal: either }))
  } catch (error) {
    signal?.throwIfAborted()
    if (deadline.signal.aborted) return { passed: false, reason: `there was no answer within ${timeoutMs} ms` }
    const { code, message } = error as NodeJS.ErrnoException
    return { passed: false, reason: `there was no answer: ${code ?? message}` }
  } finally {
    clearTimeout(timer)
  }
}

/** The body is never quoted: a page of an application may hold anything. */
function judge({ expectStatus, expectCommit, header }: Probe, { status, headers, body }: HttpAnswer): Verdict {
  const good = expectStatus === undefined ? status >= 200 && status <= 299 : status === expectStatus
  if (!good) return { passed: false, reason: `the status was ${status}, expected ${expectStatus ?? '200 to 299'}` }
  if (expectCommit === undefined) return { passed: true, status, commitIn: undefined }
  const named = headers[header]
  if (typeof named === 'string') {
    const matches = named.length >= commitPrefixLength && expectCommit.startsWith(named)
    if (matches) return { passed: true, status, commitIn: 'header' }
    return {
      passed: false,
      reason: `another release answers: ${header} is ${describeValue(named)}, expected ${expectCommit}`,
    }
  }
  if (body.includes(expectCommit)) return { passed: true, status, commitIn: 'body' }
  return { passed: false, reason: `neither the header ${header} nor the body names the commit ${expectCommit}` }
}
