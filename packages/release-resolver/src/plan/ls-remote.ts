import { isCommitId } from '@fairlead/core'

/**
 * The object that a tag of a remote leads to, peeled, out of the answer of `git ls-remote`. Names are compared whole:
 * the patterns of ls-remote match the ends of names, so that `refs/tags/foo/refs/tags/v1.0.0` answers too.
 */
export function findRemoteTag(answer: string, tag: string): string | undefined {
  const objects = new Map(
    answer
      .split('\n')
      .map((line) => line.split('\t'))
      .map(([id = '', name = '']) => [name, id] as const),
  )
  const id = objects.get(`refs/tags/${tag}^{}`) ?? objects.get(`refs/tags/${tag}`)
  return id !== undefined && isCommitId(id) ? id : undefined
}
