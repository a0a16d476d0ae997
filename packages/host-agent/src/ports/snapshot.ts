import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { FileFacts, FileState } from '../plan/file-changes.ts'

/** Every file below a host's folder but the agent's own, by the path that it has on the host. */
export async function snapshotHost(folder: string, agentRoot: string): Promise<FileState> {
  const state = new Map<string, FileFacts>()
  const visit = async (path: string): Promise<void> => {
    for (const name of (await readdir(join(folder, path))).sort()) {
      const below = `${path}/${name}`
      const place = join(folder, below)
      if (place === agentRoot) continue
      const facts = await readFacts(place)
      state.set(below, facts)
      if (facts.type === 'folder') await visit(below)
    }
  }
  await visit('')
  return state
}

async function readFacts(place: string): Promise<FileFacts> {
  const facts = await lstat(place)
  const owned = { mode: (facts.mode & 0o7777).toString(8).padStart(4, '0'), owner: `${facts.uid}:${facts.gid}` }
  if (facts.isSymbolicLink()) return { type: 'link', ...owned, content: await readlink(place) }
  if (facts.isDirectory()) return { type: 'folder', ...owned, content: '' }
  if (!facts.isFile()) return { type: 'other', ...owned, content: '' }
  const hash = createHash('sha256')
  await pipeline(createReadStream(place), hash)
  return { type: 'file', ...owned, content: hash.digest('hex') }
}
