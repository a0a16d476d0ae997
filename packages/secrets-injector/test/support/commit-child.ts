/**
 * Recovers a folder and commits one generation of files into it; kills itself with SIGKILL before change N to the file system.
 * Arguments: folder, word of the generation, N. Prints how many changes it made, if it lives.
 */
import { commitFiles, recoverFiles } from '../../src/commit-files.ts'
import { openDirectory } from '../../src/open-folders.ts'
import { nodeFiles } from '../../src/ports/files.ts'
import { generation } from './release-folder.ts'

const [folder = '', word = '', dieAt = '0'] = process.argv.slice(2)
/** Between two of these the disk does not change: a kill before one of them stands for all kills since the change before. */
const looks = ['resolve', 'open', 'stat', 'list', 'read']

let changes = 0
const files = nodeFiles((call) => {
  if (looks.includes(call)) return
  changes++
  if (changes === Number(dieAt)) process.kill(process.pid, 'SIGKILL')
})
const root = await openDirectory(files, folder)
await recoverFiles(files, root, Date.now())
const owner = { uid: process.geteuid?.() ?? 0, gid: undefined }
await commitFiles(files, root, generation(word), { owner, signal: new AbortController().signal, nowMs: Date.now() })
await root.close()
console.log(changes)
