/**
 * The names that a JSON text gives more than once in one object, at any depth. `JSON.parse` keeps the last of them without a word,
 * and so one of two secrets of a name would be lost. The text is JSON, as `JSON.parse` has found.
 */
export function findDuplicateName(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = []
  let isName = false
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    if (token === '{') open.push(new Set())
    if (token === '[') open.push(undefined)
    if (token === '}' || token === ']') open.pop()
    if (token.startsWith('"') && isName) {
      const names = open.at(-1)
      // Two ways to write one name, "A" and "\u0041", are one name.
      const name = JSON.parse(token) as string
      if (names?.has(name)) return name
      names?.add(name)
    }
    isName = (token === '{' || token === ',') && open.at(-1) !== undefined
  }
  return undefined
}
