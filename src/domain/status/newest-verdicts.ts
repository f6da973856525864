import { MAX_STATUS_VERDICTS } from '../../api/image-policy-status.ts';
import type { PassedOver } from '../gates/gate-verdict.ts';
import type { PolicyView } from '../plan/policy-view.ts';
import type { TagVerdict } from '../selection/selector.ts';
import { shortened } from './shortened.ts';

/** What status says of one tag: within the limits of its schema. */
const MAX_TAG_CHARS = 128;
const MAX_REASON_CHARS = 1_024;

/**
 * The verdicts that status shows: the chosen tag, and the newest others by the policy's own order,
 * allowed or not, because what people ask is why a newer one was passed over. Tags that the policy
 * cannot order (`latest` under semver) come last.
 */
export function newestVerdicts(
  { selector, choice, passedOver }: Pick<PolicyView, 'selector' | 'choice' | 'passedOver'>,
  tags: Iterable<string>,
): readonly TagVerdict[] {
  const gated = {
    tag: choice.kind === 'selected' ? choice.tag : undefined,
    passedOver: passedOver.flatMap(verdictOn),
  };
  const { verdicts: all } = selector.explain(tags, gated);
  const verdicts = all.filter(({ tag }) => tag.length <= MAX_TAG_CHARS);
  const isOrdered = ({ tag }: TagVerdict) => selector.compare(tag, tag) !== undefined;
  const newestFirst = [
    ...verdicts.filter(isOrdered).toSorted((a, b) => selector.compare(b.tag, a.tag) ?? 0),
    ...verdicts.filter((verdict) => !isOrdered(verdict)),
  ];
  const shown = newestFirst.slice(0, MAX_STATUS_VERDICTS);
  const chosen = verdicts.find(({ verdict }) => verdict === 'selected');
  // Many newer tags may have been passed over: the choice is among those shown all the same.
  if (chosen !== undefined && !shown.includes(chosen)) shown.splice(-1, 1, chosen);
  return shown.map(({ tag, verdict, reason }) => ({
    tag,
    verdict,
    reason: shortened(reason, MAX_REASON_CHARS),
  }));
}

/** A tag that is pushed again while it is chosen stays chosen: only its new push waits. */
function verdictOn({ tag, verdict }: PassedOver): readonly TagVerdict[] {
  const { kind, message } = verdict;
  if (kind === 'waiting' && verdict.meanwhile !== undefined) return [];
  return [{ tag, verdict: kind === 'waiting' ? 'waiting' : 'rejected', reason: message }];
}
