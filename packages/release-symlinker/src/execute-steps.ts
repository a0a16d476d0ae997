import type { Operation, Step } from './plan/activate.ts'

/** What carries steps out. */
export interface StepExecutor<S extends Step> {
  readonly perform: (operation: Operation, direction: 'do' | 'undo') => Promise<void>
  /** Whether the effect of an operation that reported a failure can be seen all the same. */
  readonly happened: (operation: Operation) => Promise<boolean>
  readonly signal?: AbortSignal | undefined
  /** Told of each step that was done. What it throws stops the steps like a failure. */
  readonly onDone: (step: S) => void
}

/** How far the steps came. */
export type StepsOutcome<S extends Step> =
  | { readonly completed: true }
  | {
      readonly completed: false
      readonly step: S
      /** `step`: it failed. `caller`: it was cancelled, or `onDone` threw. */
      readonly stoppedBy: 'step' | 'caller'
      readonly error: unknown
      readonly undone: readonly { readonly step: S; readonly operation: Operation }[]
      /** What could not be undone, and why; empty: everything is as it was. */
      readonly problems: readonly string[]
    }

/**
 * Performs steps in order. When one fails, or `signal` aborts, those that were done are undone, the last one first.
 * Cancelling does not stop the undoing.
 */
export async function executeSteps<S extends Step>(
  steps: readonly S[],
  executor: StepExecutor<S>,
): Promise<StepsOutcome<S>> {
  const { perform, happened, signal, onDone } = executor
  const done: S[] = []
  for (const step of steps) {
    let performed = false
    try {
      signal?.throwIfAborted()
      await perform(step.do, 'do')
      performed = true
      onDone(step)
      done.push(step)
    } catch (error) {
      const stoppedBy = performed || signal?.aborted ? 'caller' : 'step'
      const problems: string[] = []
      const undone: { step: S; operation: Operation }[] = []
      try {
        // A disk may report a failure of what it did: network file systems do.
        if (performed || (await happened(step.do))) done.push(step)
      } catch (problem) {
        problems.push(messageOf(problem))
      }
      for (const back of done.toReversed()) {
        try {
          for (const operation of back.undo) {
            await perform(operation, 'undo')
            undone.push({ step: back, operation })
          }
        } catch (problem) {
          problems.push(`${back.name}: ${messageOf(problem)}`)
        }
      }
      return { completed: false, step, stoppedBy, error, undone, problems }
    }
  }
  return { completed: true }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
