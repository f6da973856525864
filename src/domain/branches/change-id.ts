import type { ChangeGroup } from '../plan/change-groups.ts';
import { longHash } from '../text-hash.ts';

/**
 * The trailers of commits that go to a ref for review, such as `refs/for/main`: Gerrit knows a change again by
 * its `Change-Id`, which is the same for the same steps, so that a second push of them is no second change.
 * @param automation `namespace/name`
 */
export function reviewTrailers(
  automation: string,
  ref: string | undefined,
): (group: Pick<ChangeGroup, 'name' | 'changes'>) => readonly string[] {
  return ({ name, changes }) => {
    if (ref?.startsWith('refs/for/') !== true) return [];
    const steps = changes.map(({ policy, path, from = '', to }) => [policy, path, from, to]);
    return [`Change-Id: I${longHash(JSON.stringify([automation, name, steps]))}`];
  };
}
