import type { SeenSource } from '../../../domain/promotion/promotion-verdict.ts';
import { promotionVerdict } from '../../../domain/promotion/promotion-verdict.ts';
import type { SoakRule } from '../../../domain/promotion/soak.ts';
import { reflectsDigest } from '../../../domain/plan/policy-view.ts';
import type { Gate } from './gate.ts';

/**
 * `spec.promoteFrom`: a candidate must have run where the policy is promoted from. Where both sides write digests,
 * it is the very image that ran there: its tag may mean another one by now. That costs one HEAD, and a
 * second one where it does.
 */
export function promotionGate(source: SeenSource, rule: SoakRule): Gate {
  return {
    isFree: true,
    ask: async (candidate, signal) => {
      const { tag, policy } = candidate;
      const verdict = promotionVerdict(tag, source, rule);
      if (verdict.kind !== 'open' || verdict.digest === undefined) return verdict;
      if (!reflectsDigest(policy)) return { kind: 'open' };
      const { digest } = verdict;
      const isThere =
        (await candidate.digest(signal)) === digest || (await candidate.hasDigest(digest, signal));
      if (isThere) return verdict;
      const message = `ran in ${source.followed} as ${digest}, which ${policy.spec.image} does not have`;
      return { kind: 'closed', reason: 'NotPromoted', message };
    },
  };
}
