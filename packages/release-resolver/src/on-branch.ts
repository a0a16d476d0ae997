import { isDeployError, type Release } from '@fairlead/core'
import { errors } from './errors.ts'
import type { Gate, GateFinding } from './model.ts'
import { faultOfRefName } from './plan/ref-name.ts'
import { readRepository } from './plan/repository.ts'
import { readAncestry, type Ancestry } from './ports/git.ts'

/**
 * The gate "the commit was merged": it is on the branch, as the clone last fetched it from `origin`, or else on the
 * local branch of that name. A clone whose history is cut off cannot know, and that refuses.
 *
 * @throws BRANCH_NAME_INVALID
 */
export function onBranch(branch: string): Gate {
  const reason = faultOfRefName(branch)
  if (reason) throw errors.BRANCH_NAME_INVALID({ branch: String(branch), reason })
  return {
    name: `on branch ${branch}`,
    check: async ({ commit }: Release, { repository, signal }) => {
      const given = readRepository(repository)
      if ('fault' in given || given.kind === 'remote') return [noClone(branch)]
      try {
        const { ancestry, ref } = await readAncestry(given, { commit, branch }, signal)
        return explain(ancestry, { commit, branch, ref })
      } catch (error) {
        if (isDeployError(error, errors.REPOSITORY_NOT_FOUND)) return [noClone(branch)]
        throw error
      }
    },
  }
}

function noClone(branch: string): GateFinding {
  return {
    code: 'NO_CLONE',
    message: `whether the commit is on ${branch} is unknown: the repository is no clone on this machine`,
    hint: 'Give checkPromotable or requirePromotable a clone: repository: ".".',
  }
}

function explain(
  ancestry: Ancestry,
  {
    commit,
    branch,
    ref = branch,
  }: { readonly commit: string; readonly branch: string; readonly ref: string | undefined },
): readonly GateFinding[] {
  switch (ancestry) {
    case 'on-branch':
      return []
    case 'not-on-branch':
      return [
        {
          code: 'NOT_ON_BRANCH',
          message: `commit ${commit} is not on ${ref}`,
          hint: `Merge it into ${branch} and tag the merged commit; if it was merged just now, fetch first (git fetch).`,
        },
      ]
    case 'no-such-branch':
      return [
        {
          code: 'BRANCH_NOT_FOUND',
          message: `the repository has no branch ${branch}, neither of origin nor local`,
          hint: `Fetch it: git fetch origin ${branch}:refs/remotes/origin/${branch}.`,
        },
      ]
    case 'no-such-commit':
      return [
        {
          code: 'COMMIT_NOT_FOUND',
          message: `the repository does not have commit ${commit}`,
          hint: 'Fetch everything: git fetch --tags origin.',
        },
      ]
    case 'history-cut-off':
      return [
        {
          code: 'HISTORY_CUT_OFF',
          message: `whether commit ${commit} is on ${ref} is unknown: the clone is shallow`,
          hint: 'Fetch the whole history: git fetch --unshallow (fetch-depth: 0 in a CI checkout).',
        },
      ]
  }
}
