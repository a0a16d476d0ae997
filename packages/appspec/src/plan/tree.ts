/** A YAML document reduced to what an appspec.yml can say, each part with its place in the text. */
interface Place {
  /** 1-based. */
  readonly line: number
  /** 1-based. */
  readonly column: number
}

export type Tree = ScalarTree | ListTree | MapTree | UnreadableTree

export interface ScalarTree extends Place {
  readonly kind: 'scalar'
  /** The content; of a scalar without quotes, as it stands in the file, so that 0644 keeps its zero. */
  readonly text: string
  readonly quoted: boolean
}

export interface ListTree extends Place {
  readonly kind: 'list'
  readonly items: readonly Tree[]
}

export interface MapTree extends Place {
  readonly kind: 'map'
  readonly entries: readonly { readonly key: ScalarTree; readonly value: Tree }[]
}

/** A part that was reported when the text was read; nothing more is said of it. */
interface UnreadableTree extends Place {
  readonly kind: 'unreadable'
}

/** Something wrong with the text as YAML. */
export interface TreeDefect extends Place {
  readonly rule: 'byte-order-mark' | 'yaml-syntax' | 'yaml-alias' | 'yaml-date' | 'yaml-tag'
  readonly message: string
}

export interface TreeReading {
  /** `undefined`: the document is empty, or so broken that its parts mean nothing. */
  readonly root: Tree | undefined
  readonly defects: readonly TreeDefect[]
  /** Where a second document begins, of which the agent reads nothing. */
  readonly second?: { readonly line: number; readonly column: number } | undefined
}
