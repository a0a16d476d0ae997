/** Tells the story on standard output, and remembers what was not as it should be. */
export interface Narrator {
  /** Begins a step: its number, and what is about to happen in a line or two. */
  readonly step: (title: string, ...explanation: readonly string[]) => void
  /** A line of our own inside a step. */
  readonly say: (line: string) => void
  /** A line that another program printed. */
  readonly quote: (line: string) => void
  /** Says that something is so; where it is not, the demo fails in the end. */
  readonly confirm: (holds: boolean, claim: string) => void
  readonly steps: () => readonly { readonly title: string; readonly durationMs: number }[]
  readonly problems: () => readonly string[]
}

export function createNarrator(write: (line: string) => void): Narrator {
  const begun: { title: string; at: number }[] = []
  const problems: string[] = []
  return {
    step: (title, ...explanation) => {
      begun.push({ title, at: performance.now() })
      write('')
      write(`${begun.length}. ${title}`)
      for (const line of explanation) write(`   ${line}`)
      write('')
    },
    say: (line) => write(`   ${line}`),
    quote: (line) => write(`   | ${line}`),
    confirm: (holds, claim) => {
      if (!holds) problems.push(claim)
      write(`   ${holds ? '✓' : '✗ NOT SO:'} ${claim}`)
    },
    steps: () =>
      begun.map(({ title, at }, index) => ({ title, durationMs: (begun[index + 1]?.at ?? performance.now()) - at })),
    problems: () => problems,
  }
}
