import { readFileSync, readdirSync } from 'node:fs'

/** The command lines of the processes of this machine that name `text`, our own left out. Linux alone. */
export function processesNaming(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => readCommandAndEnvironment(pid))
    .filter((words) => words.includes(text))
}

function readCommandAndEnvironment(pid: string): string {
  try {
    return ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8')).join('\0')
  } catch {
    // It ended meanwhile, or it is not ours.
    return ''
  }
}
