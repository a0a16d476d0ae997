import { runAsProcess } from './ports/process.ts'
import { runFairleadHost } from './run-fairlead-host.ts'

void runAsProcess(runFairleadHost)
