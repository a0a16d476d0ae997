import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { count, isDeployError, nonEmptyText, object, oneOf, optional, recordReader } from '@fairlead/core'
import { findProcess, identifyThisProcess } from '@fairlead/core/machine'
import type { Layout } from './layout.ts'
import type { Disk } from './ports/disk.ts'
import { endGroup, isStillThere } from './ports/process.ts'

/** A note of the program of a trial, so that the next run ends it where ours is killed before it could. */
const parseNote = recordReader(
  'note of a trial',
  object({
    schema: oneOf('fairlead/trial/1'),
    pid: count,
    host: nonEmptyText,
    startTicks: nonEmptyText,
    bootId: nonEmptyText,
    pidNamespace: optional(nonEmptyText),
  }),
)

/**
 * Notes a program; `undefined`: this system does not tell what tells a process from every other one. Not made durable:
 * what takes the note away, a power cut, ends the program too.
 */
export async function noteTrial(disk: Disk, { own }: Layout, pid: number): Promise<string | undefined> {
  const { host, bootId, pidNamespace } = await identifyThisProcess()
  const startTicks = (await findProcess(pid))?.startTicks
  if (startTicks === undefined || bootId === undefined) return undefined
  const note = join(own, `trial-${randomBytes(8).toString('hex')}.json`)
  const text = JSON.stringify({ schema: 'fairlead/trial/1', pid, host, startTicks, bootId, pidNamespace })
  await disk.writeFile(note, `${text}\n`, { mode: 0o600, sync: false })
  return note
}

/**
 * Ends the program that a note names, with what it started, and removes the note. Only where the note proves that the
 * process with that number now is the very one: any other process of that number is left alone.
 *
 * @returns the number of the process that was ended; `undefined`: it had ended
 */
export async function endLeftTrial(disk: Disk, note: string): Promise<number | undefined> {
  const program = readNote(await disk.readText(note), note)
  const isThere = program !== undefined && (await isStillThere(program, await identifyThisProcess()))
  if (isThere) endGroup(program.pid)
  await disk.removeFile(note)
  return isThere ? program.pid : undefined
}

/** Half a note was being written when a run died: its program had not begun, and ended with that run. */
function readNote(text: string | undefined, note: string): ReturnType<typeof parseNote> | undefined {
  try {
    return text === undefined ? undefined : parseNote(text, note)
  } catch (error) {
    if (isDeployError(error) && error.code === 'INVALID_RECORD') return undefined
    throw error
  }
}
