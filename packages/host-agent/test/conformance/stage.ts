import { chmodSync, lchownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { toBytes } from './placeholders.ts'
import type { HostChange, VectorEntry, VectorStep } from './vector.ts'
import { writeBundle, type BundleEntry, type BundleFormat } from './write-bundle.ts'

/** Changes a host before a step. */
export function applyChange({ op, path, content = '', mode, target: link = '' }: HostChange, target: string): void {
  const place = isAbsolute(path) ? path : join(target, path)
  if (op === 'write' || op === 'symlink') mkdirSync(dirname(place), { recursive: true })
  if (op === 'write') writeFileSync(place, toBytes(content))
  if (op === 'mkdir') mkdirSync(place, { recursive: true })
  if (op === 'rm') rmSync(place, { recursive: true, force: true })
  if (op === 'symlink') symlinkSync(link, place)
  if (mode !== undefined) chmodSync(place, Number.parseInt(mode, 8))
}

/** The entries of a bundle, generated ones and parents included. */
export function expandEntries(entries: readonly VectorEntry[]): BundleEntry[] {
  const seen = new Set<string>()
  return entries.flatMap(generated).flatMap(({ path, mode, raw, content, base64, symlink, dir, uid, gid }) => {
    const parents = raw ? [] : parentsOf(path).filter((parent) => !seen.has(parent))
    for (const name of [...parents, path]) seen.add(name)
    const bytes = base64 === undefined ? content && toBytes(content) : Buffer.from(base64, 'base64')
    return [
      ...parents.map((parent) => ({ path: parent, dir: true })),
      {
        path,
        ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
        ...(bytes === undefined ? {} : { content: bytes }),
        ...(symlink === undefined ? {} : { symlink }),
        ...(dir ? { dir: true } : {}),
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
      },
    ]
  })
}

function generated(entry: VectorEntry): readonly VectorEntry[] {
  const { generate } = entry
  if (!generate) return [entry]
  return Array.from({ length: generate.count }, (_, i) => {
    const number = (text: string) =>
      text.replaceAll('{{i}}', String(i).padStart(3, '0')).replaceAll('{{i10}}', String(i % 10))
    return { path: number(generate.path), content: number(generate.content) }
  })
}

function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/')).filter((parent) => parent !== '')
}

/** The bytes of a step's archive. */
export function archiveBytes({ archive }: VectorStep, entries: readonly BundleEntry[], type: BundleFormat): Buffer {
  const bytes =
    archive?.base64 === undefined
      ? writeBundle(entries, archive?.format ?? type, { noUnixModes: archive?.noUnixModes })
      : Buffer.from(archive.base64, 'base64')
  return archive?.truncateTo === undefined ? bytes : bytes.subarray(0, archive.truncateTo)
}

/** Makes a folder with the entries of a bundle. */
export function writeFolder(entries: readonly BundleEntry[], folder: string): void {
  mkdirSync(folder)
  const place = (path: string) => join(folder, path)
  for (const { path, content = '', symlink, dir } of entries) {
    mkdirSync(dirname(place(path)), { recursive: true })
    if (symlink !== undefined) symlinkSync(symlink, place(path))
    else if (dir) mkdirSync(place(path), { recursive: true })
    else writeFileSync(place(path), content)
  }
  for (const { path, mode, symlink, dir, uid, gid } of [...entries].reverse()) {
    if (uid !== undefined && gid !== undefined) lchownSync(place(path), uid, gid)
    if (symlink === undefined) chmodSync(place(path), mode ?? (dir ? 0o755 : 0o644))
  }
}
