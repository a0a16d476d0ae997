import { formatEvent, isDeployError, type DeployEvent } from '@fairlead/core'

export function print(event: DeployEvent): void {
  console.log(formatEvent(event))
}

/** Runs a pipeline; a failure is told with what to do next, and fails the job. */
export async function runPipeline(pipeline: () => Promise<void>): Promise<void> {
  try {
    await pipeline()
  } catch (error) {
    console.error(isDeployError(error) ? `${error.code}: ${error.message}\n→ ${error.hint}` : error)
    process.exitCode = 1
  }
}
