/** A process of its own, for the tests that kill it or let several run at once. Reads one task from its argument. */
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StagedRelease } from '@fairlead/core'
import { findProcess } from '@fairlead/core/machine'
import { activateOn } from '../../src/activate-release.ts'
import { systemDisk, type Disk } from '../../src/ports/disk.ts'
import { pruneOn } from '../../src/prune-releases.ts'
import { repairOn } from '../../src/repair-releases.ts'
import { rollbackOn } from '../../src/rollback-release.ts'
import { stageOn, type StageReleaseOptions } from '../../src/stage-release.ts'
import { interruptedDisk, type Interruption } from './interrupted-disk.ts'

/** A verb with what it needs. */
export type Job =
  | { readonly verb: 'stage'; readonly options: StageReleaseOptions }
  | { readonly verb: 'activate'; readonly staged: StagedRelease }
  | { readonly verb: 'rollback'; readonly root: string }
  | { readonly verb: 'prune'; readonly root: string; readonly keep: number }
  | { readonly verb: 'repair'; readonly root: string }

export type Task =
  | {
      readonly kind: 'interrupt'
      readonly how: Interruption
      /** Of what `fail` reports. Default: EIO. */
      readonly code?: string
      readonly at: number
      readonly jobs: readonly Job[]
    }
  /** Stages and activates, with a check that nobody else may be in at the same time; killed in it where that is asked for. */
  | { readonly kind: 'deploy'; readonly options: StageReleaseOptions; readonly killed: boolean }
  /** Activates with a trial that does not pass. */
  | { readonly kind: 'trial'; readonly staged: StagedRelease; readonly command: readonly string[] }
  /** Activates with a check that nobody else may be in at the same time. */
  | { readonly kind: 'contend'; readonly staged: StagedRelease; readonly whenLocked: 'wait' | 'fail' }

/** What a job came to: the number of its operations, and the code of its error. */
export interface JobResult {
  readonly operations: number
  readonly code?: string | undefined
}

const nothing = () => {}

async function run(disk: Disk, job: Job): Promise<void> {
  if (job.verb === 'stage') await stageOn(disk, job.options)
  else if (job.verb === 'activate') await activateOn(disk, job.staged, { check: nothing, reload: nothing })
  else if (job.verb === 'rollback') await rollbackOn(disk, { root: job.root, beforeSwitch: nothing, reload: nothing })
  else if (job.verb === 'prune') await pruneOn(disk, { root: job.root, keep: job.keep })
  else await repairOn(disk, { root: job.root })
}

async function outcomeOf(action: () => Promise<void>): Promise<string | undefined> {
  try {
    await action()
    return undefined
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

const task = JSON.parse(process.argv[2] ?? '') as Task
if (task.kind === 'interrupt') {
  const results: JobResult[] = []
  for (const [index, job] of task.jobs.entries()) {
    // One job is stopped at the operation that was asked for, several each at one further.
    const { disk, operations } = interruptedDisk(systemDisk, task.how, task.at + index, task.code)
    const code = await outcomeOf(() => run(disk, job))
    results.push({ operations: operations(), code })
  }
  process.stdout.write(JSON.stringify(results))
} else if (task.kind === 'deploy') {
  const { options, killed } = task
  const waiting = { whenLocked: 'wait', lockTimeoutMs: 600_000 } as const
  const code = await outcomeOf(async () => {
    const staged = await stageOn(systemDisk, { ...options, ...waiting })
    const inside = join(staged.root, '..', 'inside')
    const check = async () => {
      // A marker whose maker was killed counts for nothing: it names the process. On a busy machine that stays a zombie for
      // a while, until the test asks how it ended.
      const maker = existsSync(inside) ? Number(readFileSync(inside, 'utf8')) : undefined
      const found = maker === undefined ? undefined : await findProcess(maker)
      if (found && !found.isZombie) throw new Error(`${maker} is inside`)
      writeFileSync(inside, String(process.pid))
      if (killed) process.kill(process.pid, 'SIGKILL')
      rmSync(inside)
    }
    await activateOn(systemDisk, staged, { check, ...waiting })
  })
  process.stdout.write(JSON.stringify([{ operations: 0, code }] satisfies JobResult[]))
} else if (task.kind === 'trial') {
  const { staged, command } = task
  await activateOn(systemDisk, staged, { trial: { command, attempts: 10_000, intervalMs: 20 } })
} else {
  const { staged, whenLocked } = task
  const inside = join(staged.root, '..', 'inside')
  const check = async () => {
    closeSync(openSync(inside, 'wx'))
    await new Promise((resolve) => setTimeout(resolve, 5))
    rmSync(inside)
  }
  const code = await outcomeOf(async () => {
    await activateOn(systemDisk, staged, { check, whenLocked, lockTimeoutMs: 60_000 })
  })
  process.stdout.write(JSON.stringify([{ operations: 0, code }] satisfies JobResult[]))
}
