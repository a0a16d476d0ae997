/** Numbers from 0 to 1, the same for the same seed. */
export interface Random {
  (): number
  readonly pick: <T>(items: readonly T[]) => T
}

/** A linear congruential generator (Knuth's MMIX constants, the upper bits): enough to choose what happens next. */
export function seededRandom(seed: number): Random {
  let state = BigInt(seed) * 2654435761n + 1n
  const next = () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn
    return Number(state >> 32n) / 2 ** 32
  }
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(next() * items.length)]
    if (item === undefined) throw new Error('there is nothing to pick from')
    return item
  }
  return Object.assign(next, { pick })
}
