import type { PolicyKey } from '../manifest/image-field.ts';
import type { Decision } from '../plan/decide-slot.ts';
import type { Reason } from '../plan/slot-verdict.ts';
import type { UpdatePlan } from '../plan/update-plan.ts';

/**
 * Reasons that say for sure that a slot wants nothing more, or that its change is in another pull request.
 * All others are a matter of time, or of a failure: nothing may be concluded from them.
 */
const SETTLED: ReadonlySet<Reason> = new Set<Reason>([
  'UpToDate',
  'NewTag',
  'Locked',
  'Downgrade',
  'PinnedByDigest',
  'Held',
]);

/** What a pass found out of policies. */
export interface Found {
  readonly decisions: readonly Pick<Decision, 'policy' | 'reason'>[];
  /** Policies that apply. */
  readonly applied: ReadonlySet<PolicyKey>;
  /** Policies that exist. */
  readonly known: ReadonlySet<PolicyKey>;
}

/** What a pass with this plan found out. */
export function foundBy({
  plan,
  views,
  known,
}: {
  readonly plan: Pick<UpdatePlan, 'decisions'>;
  readonly views: ReadonlyMap<PolicyKey, unknown>;
  readonly known: ReadonlySet<PolicyKey>;
}): Found {
  return { decisions: plan.decisions, applied: new Set(views.keys()), known };
}

/**
 * Is it certain that what a policy once proposed, and proposes no more, is done with? Of one that exists and
 * cannot be used just now nothing is certain; one that is gone wants nothing.
 */
export function isSettled(policy: PolicyKey, { decisions, applied, known }: Found): boolean {
  if (!applied.has(policy)) return !known.has(policy);
  return decisions.every((decision) => decision.policy !== policy || SETTLED.has(decision.reason));
}
