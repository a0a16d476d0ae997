/**
 * Commits one generation of files after the other into a folder, until somebody kills it. Arguments: folder, `versioned` or `in-place`.
 * Prints a line when it has begun.
 */
import { commitFiles, recoverFiles } from '../../src/commit-files.ts'
import { commitVersion, recoverVersions } from '../../src/commit-version.ts'
import { openDirectory } from '../../src/open-folders.ts'
import { nodeFiles } from '../../src/ports/files.ts'
import { generation } from './release-folder.ts'

const [folder = '', kind = ''] = process.argv.slice(2)
const files = nodeFiles()
const commit = kind === 'versioned' ? commitVersion : commitFiles
const owner = { uid: process.geteuid?.() ?? 0, gid: undefined }
const signal = new AbortController().signal

for (let turn = 0; ; turn++) {
  const root = await openDirectory(files, folder)
  await recoverFiles(files, root, Date.now())
  if (kind === 'versioned') await recoverVersions(files, root)
  await commit(files, root, generation(turn % 2 === 0 ? 'even' : 'odd'), { owner, signal, nowMs: Date.now() })
  await root.close()
  if (turn === 0) console.log('begun')
}
