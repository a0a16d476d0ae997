import { epoch, fault, Fault, type Handler } from './scripted-codedeploy.ts'

/** A lifecycle event on the wire, in a few words: `Install Succeeded`, with times after 03:00:00 in seconds. */
export interface EventFrame {
  readonly name: string
  readonly status: string
  readonly from?: number
  readonly to?: number
  readonly diagnostics?: Readonly<Record<string, string>>
}

/** What CodeDeploy shows at one poll. */
export interface Frame {
  readonly status: string
  readonly info?: Readonly<Record<string, unknown>>
  readonly targets?: Readonly<Record<string, { readonly status: string; readonly events: readonly EventFrame[] }>>
}

export const at = (seconds: number) => epoch('2026-01-02T03:00:00.000Z') + seconds

/** Each deployment's frames, one for each GetDeployment; the last one stays. Target ids come in pages of 30. */
export function timeline(deployments: Readonly<Record<string, readonly (Frame | Fault)[]>>) {
  const shown = new Map<string, number>()
  const frameOf = (id: string) => {
    const frames = deployments[id]?.filter((frame): frame is Frame => !(frame instanceof Fault))
    if (frames === undefined) return undefined
    return frames[Math.min(shown.get(id) ?? 0, frames.length) - 1]
  }
  const remaining = new Map(Object.entries(deployments).map(([id, frames]) => [id, [...frames]]))
  const handlers = {
    GetDeployment: ({ deploymentId }) => {
      const id = String(deploymentId)
      const frames = remaining.get(id)
      if (frames === undefined) return fault('DeploymentDoesNotExistException')
      const next = frames.shift()
      if (next instanceof Fault) return next
      if (next) shown.set(id, (shown.get(id) ?? 0) + 1)
      const frame = frameOf(id)
      return {
        deploymentInfo: {
          deploymentId: id,
          applicationName: 'shop',
          deploymentGroupName: 'production',
          createTime: at(0),
          status: frame?.status,
          ...frame?.info,
        },
      }
    },
    ListDeploymentTargets: ({ deploymentId, nextToken }) => {
      const targets = frameOf(String(deploymentId))?.targets
      if (targets === undefined) return fault('DeploymentNotStartedException')
      const ids = Object.keys(targets)
      const offset = Number(nextToken ?? 0)
      const more = ids.length > offset + 30 ? { nextToken: String(offset + 30) } : {}
      return { targetIds: ids.slice(offset, offset + 30), ...more }
    },
    BatchGetDeploymentTargets: ({ deploymentId, targetIds }) => {
      const ids = targetIds as readonly string[]
      if (ids.length > 25) return fault('DeploymentTargetListSizeExceededException')
      const targets = frameOf(String(deploymentId))?.targets ?? {}
      return {
        deploymentTargets: ids.flatMap((id) => {
          const target = targets[id]
          if (target === undefined) return []
          return [
            {
              deploymentTargetType: 'InstanceTarget',
              instanceTarget: {
                deploymentId,
                targetId: id,
                status: target.status,
                lifecycleEvents: target.events.map(({ name, status, from, to, diagnostics }) => ({
                  lifecycleEventName: name,
                  status,
                  ...(from === undefined ? {} : { startTime: at(from) }),
                  ...(to === undefined ? {} : { endTime: at(to) }),
                  ...(diagnostics ? { diagnostics } : {}),
                })),
              },
            },
          ]
        }),
      }
    },
  } satisfies Readonly<Record<string, Handler>>
  return handlers
}

const event = (name: string, status: string, from?: number, to?: number): EventFrame => ({
  name,
  status,
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
})

/** A host that has come through. */
export const done = {
  status: 'Succeeded',
  events: [event('Install', 'Succeeded', 1, 2), event('ValidateService', 'Succeeded', 2, 3)],
}
/** A host whose Install runs. */
export const installing = {
  status: 'InProgress',
  events: [event('Install', 'InProgress', 1), event('ValidateService', 'Pending')],
}
/** A host that has not been reached. */
export const pending = { status: 'Pending', events: [event('Install', 'Pending'), event('ValidateService', 'Pending')] }
/** A host whose ValidateService failed. */
export const broken = {
  status: 'Failed',
  events: [
    event('Install', 'Succeeded', 1, 2),
    {
      ...event('ValidateService', 'Failed', 2, 4),
      diagnostics: {
        errorCode: 'ScriptFailed',
        scriptName: 'hooks/validate.mjs',
        message: 'Script at specified location: hooks/validate.mjs failed with exit code 1',
        logTail: 'Script - hooks/validate.mjs\n[stderr]the home page answers 500\n',
      },
    },
  ],
}
export const unhealthy = {
  errorInformation: { code: 'HEALTH_CONSTRAINTS', message: 'too many individual instances failed' },
  completeTime: at(10),
}
