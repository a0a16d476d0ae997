/** Compares keys by their bytes in UTF-8, as S3 lists them; JavaScript's own order differs outside the basic plane. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)]
    if (left === right) continue
    const [leftIsAstral, rightIsAstral] = [isSurrogate(left), isSurrogate(right)]
    if (leftIsAstral !== rightIsAstral && left >= 0xd800 && right >= 0xd800) return leftIsAstral ? 1 : -1
    return left - right
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}
