import {
  judgeAge,
  judgeNewPush,
  judgeTagAge,
  type AgeRule,
} from '../../../domain/gates/minimum-age.ts';
import { reflectsDigest } from '../../../domain/plan/policy-view.ts';
import { pastOf, type PolicyPast } from '../policy-memories.ts';
import type { Gate } from './gate.ts';

const OPEN = { kind: 'open' } as const;

/** Young candidates whose digest is asked for in one look; the rest wait by their tags alone meanwhile. */
const MAX_WATCHED = 20;

/**
 * `spec.minimumAge`: a candidate waits until it has been known for long enough. Costs one HEAD for each of
 * the newest young candidates, and one when a candidate's time has come.
 */
export function minimumAgeGate(rule: AgeRule, past: PolicyPast): Gate {
  let watched = 0;
  return {
    ask: async (candidate, signal) => {
      const { chosen } = past.memory;
      const known = pastOf(candidate.tag, candidate.scan, past);
      if (chosen?.tag === candidate.tag) {
        if (chosen.digest === undefined || !reflectsDigest(candidate.policy)) return OPEN;
        const digest = await candidate.digest(signal);
        return judgeNewPush({ chosen, digest }, known, rule);
      }
      const age = judgeTagAge(known, rule);
      if (age.kind === 'aged') return OPEN;
      if (age.kind === 'young') {
        if (watched >= MAX_WATCHED) return age.verdict;
        watched += 1;
      }
      return judgeAge(await candidate.digest(signal), known, rule);
    },
  };
}
