/** The answers of two things that go on at once; where both fail, the first one's failure. None goes on afterwards. */
export async function waitForBoth<A, B>(first: Promise<A>, second: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([first, second])
  return [await first, await second]
}
