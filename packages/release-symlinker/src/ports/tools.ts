import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Who asks may be root with a caller's PATH: the system's tools come from the system's own folders. */
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Runs a tool of the system; answers why it failed, or nothing. */
export function runTool(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { env: { PATH: systemPath, LC_ALL: 'C' } }, (error, _stdout, stderr) => {
      if (error === null) resolve(undefined)
      else if (error.code === ('ENOENT' as unknown)) resolve(`there is no program ${program}`)
      else resolve(stderr.trim().split('\n').at(-1) || error.message)
    })
  })
}

/** The file system of SELinux is mounted where it is on, permissive or enforcing (selinux(8)). */
export function isSelinuxOn(): boolean {
  return existsSync('/sys/fs/selinux/enforce')
}

/** What `stat` of coreutils says; Node reads no extended attributes. */
export function readLabel(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('stat', ['-c', '%C', '--', path], { env: { PATH: systemPath, LC_ALL: 'C' } }, (error, stdout) => {
      const label = stdout.trim()
      resolve(error === null && label !== '' && label !== '?' ? label : undefined)
    })
  })
}
