import type { ImagePolicy } from '../../../api/image-policy.ts';
import type { SeenSource } from '../../../domain/promotion/promotion-verdict.ts';
import { soakOf } from '../../../domain/promotion/promotion-source.ts';
import { parseDuration } from '../../../domain/schedule.ts';
import type { ImageLibrary, ImageSource } from '../image-library.ts';
import type { PolicyPast } from '../policy-memories.ts';
import type { ChoiceCheck, Gate } from './gate.ts';
import { minimumAgeGate } from './minimum-age-gate.ts';
import { signatureCheck } from './signature-check.ts';
import type { SignatureChecks } from './signature-checks.ts';
import { promotionGate } from './promotion-gate.ts';
import { platformGate } from './platform-gate.ts';

/** What gates judge by, besides the registry. */
export interface GateContext {
  readonly past: PolicyPast;
  readonly library: ImageLibrary;
  readonly source: ImageSource;
  readonly now: Date;
  /** What `promoteFrom` names, where the policy has that. */
  readonly promotion?: SeenSource;
}

/** The gates of a policy, in the order in which they are asked: the cheaper first. */
export function gatesOf(
  policy: ImagePolicy,
  { past, library, source, now, promotion }: GateContext,
): readonly Gate[] {
  const { minimumAge, platforms = [], allowDowngrade } = policy.spec;
  return [
    ...(promotion === undefined
      ? []
      : [promotionGate(promotion, { soakMs: soakOf(policy), now, allowDowngrade })]),
    ...(minimumAge === undefined
      ? []
      : [minimumAgeGate({ minimumAgeMs: parseDuration(minimumAge), now }, past)]),
    ...(platforms.length === 0 ? [] : [platformGate(platforms, library, source)]),
  ];
}

/** The checks that the choice of a policy must pass. */
export function checksOf(
  { spec }: ImagePolicy,
  signatures: SignatureChecks,
): readonly ChoiceCheck[] {
  const { verify } = spec;
  return verify === undefined ? [] : [signatureCheck(verify.cosign, signatures)];
}
