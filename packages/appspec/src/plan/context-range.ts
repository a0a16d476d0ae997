/** Categories of SELinux: 0 to 1023. Source: the kernel's default policies, and the agent's own check. */
const lastCategory = 1023

/** What is wrong with an SELinux range `s0[-s1][:c0[.c5],…]`, if anything is. */
export function contextRangeProblem(range: string): string | undefined {
  const [sensitivities = '', categories] = splitOnce(range, ':')
  const [low = '', high = low] = splitOnce(sensitivities, '-')
  if (![low, high].every((level) => /^s\d+$/.test(level))) return `has a sensitivity that is no s0, s1, …`
  if (Number(high.slice(1)) < Number(low.slice(1))) return 'goes down'
  if (categories === undefined) return undefined
  const taken = new Set<number>()
  for (const part of categories.split(',')) {
    const [first = '', last = first] = splitOnce(part, '.')
    if (![first, last].every((name) => /^c\d+$/.test(name) && Number(name.slice(1)) <= lastCategory)) {
      return `has a category that is none of c0 to c${lastCategory}`
    }
    const [from, to] = [Number(first.slice(1)), Number(last.slice(1))]
    if (to < from) return 'has categories that go down'
    for (let category = from; category <= to; category += 1) {
      if (taken.has(category)) return 'names a category twice'
      taken.add(category)
    }
  }
  return undefined
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
