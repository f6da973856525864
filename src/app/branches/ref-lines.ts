import { reviewTrailers } from '../../domain/branches/change-id.ts';
import { decisionsOf } from '../../domain/plan/change-groups.ts';
import { mayWait } from '../../domain/plan/waiting.ts';
import { longHash } from '../../domain/text-hash.ts';
import { draftCommits } from '../update/commit-drafts.ts';
import { automationOf, type PassLines, type PassOnBranch } from './pass-on-branch.ts';

/**
 * The commits for a ref that is no branch: all groups, one on top of the other. What is there cannot be read, and
 * what was sent there is not sent again. All waits, or nothing does: a lock takes the others along.
 */
export async function linesToRef(
  ref: string,
  { branch, revision, pass, toldRefs, wait }: PassOnBranch,
  signal: AbortSignal,
): Promise<PassLines> {
  const { groups, edits } = pass;
  if (groups.length === 0) return { lines: [], branches: [], news: [] };
  const automation = automationOf(pass);
  const trailersOf = reviewTrailers(automation, ref);
  const drafts = await draftCommits(branch.files(revision), { ...pass, trailersOf }, signal);
  const content = longHash(JSON.stringify(edits));
  const told = toldRefs.get(automation, ref);
  const isTold = told?.content === content;
  const decisions = decisionsOf(groups);
  const news = !isTold && decisions.every(mayWait) ? decisions : [];
  if (wait !== undefined && news.length > 0) return { lines: [], branches: [], news };
  return {
    news,
    lines: isTold ? [] : [{ drafts, onto: { ref } }],
    branches: groups.map((group, index) => ({
      group,
      branch: ref,
      state: isTold ? 'current' : 'planned',
      ...(isTold ? { commit: told.commit } : {}),
      message: drafts[index]?.message ?? '',
    })),
    remember: (commit) => toldRefs.set(automation, ref, { content, commit }),
  };
}
