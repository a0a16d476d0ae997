/**
 * Where digests stand in content that was made of lines: nothing like them is found, and what looks like it takes more bits
 * than it saves. Looked for in them like elsewhere, they took half of the time of a manifest.
 */
import { mostNoise, noisePlaces } from './memory'

/** Digits of a digest. */
export const noiseBytes: usize = 64
/** Where there is no more of it. */
const nowhere: u32 = 0xffffffff

let count: u32 = 0
let next: u32 = 0

/** Forgets what is known. */
export function clearNoise(): void {
  count = 0
}

/** What there is no room for is looked through like all else. */
export function addNoise(at: usize): void {
  if (count === mostNoise) return
  store<u32>(noisePlaces + 4 * (count as usize), at as u32)
  count++
}

/** The first of them that ends behind a place. */
export function noiseAfter(at: usize): usize {
  while (next < count && (load<u32>(noisePlaces + 4 * (next as usize)) as usize) + noiseBytes <= at) next++
  return next < count ? load<u32>(noisePlaces + 4 * (next as usize)) : nowhere
}

/** Begins anew, or with what holds no noise. */
export function startNoise(hasNoise: bool): void {
  if (!hasNoise) clearNoise()
  next = 0
}
