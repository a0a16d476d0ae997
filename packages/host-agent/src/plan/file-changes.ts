/** What is known of a file on a host. */
export interface FileFacts {
  readonly type: 'file' | 'folder' | 'link' | 'other'
  /** Four octal digits. */
  readonly mode: string
  /** `uid:gid` */
  readonly owner: string
  /** Of a file, the sha256 of its bytes; of a link, its target. */
  readonly content: string
}

/** The files of a host by their path. */
export type FileState = ReadonlyMap<string, FileFacts>

export interface FileChange {
  /** As the host names it: `/srv/shop/index.html`. */
  readonly path: string
  readonly change: 'appears' | 'changes' | 'vanishes'
  readonly type: FileFacts['type']
  /** What changed, for `changes`. */
  readonly what?: readonly ('type' | 'content' | 'mode' | 'owner')[]
}

/** What is different between two looks at a host, by path. */
export function compareFiles(before: FileState, after: FileState): readonly FileChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort()
  return paths.flatMap((path): FileChange[] => {
    const [old, now] = [before.get(path), after.get(path)]
    if (!old) return now ? [{ path, change: 'appears', type: now.type }] : []
    if (!now) return [{ path, change: 'vanishes', type: old.type }]
    const what = (['type', 'content', 'mode', 'owner'] as const).filter((key) => old[key] !== now[key])
    return what.length === 0 ? [] : [{ path, change: 'changes', type: now.type, what }]
  })
}
