/** A scalar of a YAML text, with the piece of the text that it stands in. */
export interface ScalarPiece {
  readonly value: string
  readonly start: number
  readonly end: number
  readonly line: number
  readonly column: number
}

export interface MissingVariable {
  readonly name: string
  readonly line: number
  readonly column: number
}

export interface RenderedText {
  readonly text: string
  readonly missing: readonly MissingVariable[]
  readonly unused: readonly string[]
}

/** Round brackets: curly ones are YAML's own within `{…}`. */
const reference = /\$\$\(|\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g

/** Fills in the variables of the scalars; what was filled in stands in quotes, so that no value becomes YAML of its own. */
export function renderText(
  text: string,
  scalars: readonly ScalarPiece[],
  variables: Readonly<Record<string, string>>,
): RenderedText {
  const missing: MissingVariable[] = []
  const used = new Set<string>()
  let rendered = ''
  let end = 0
  for (const { value, start, end: scalarEnd, line, column } of [...scalars].sort((a, b) => a.start - b.start)) {
    const filled = value.replace(reference, (whole, name: string | undefined) => {
      if (name === undefined) return '$('
      used.add(name)
      if (Object.hasOwn(variables, name)) return variables[name] ?? ''
      missing.push({ name, line, column })
      return whole
    })
    if (filled === value) continue
    // A JSON string is a YAML text in double quotes.
    rendered += text.slice(end, start) + JSON.stringify(filled)
    end = scalarEnd
  }
  return {
    text: rendered + text.slice(end),
    missing,
    unused: Object.keys(variables).filter((name) => !used.has(name)),
  }
}
