import type { ImagePolicy } from '../../../api/image-policy.ts';
import type { GateVerdict, ImageVersion } from '../../../domain/gates/gate-verdict.ts';
import type { BlockReason } from '../../../domain/plan/policy-view.ts';
import type { RepositoryScan } from '../repository-scans.ts';

/** A tag that the rules of a policy allow, and what gates may ask of it. */
export interface Candidate {
  readonly policy: ImagePolicy;
  readonly tag: string;
  readonly scan: RepositoryScan;
  /**
   * Its digest as of this scan (of the index where there is one): one HEAD, whoever asks.
   * @throws AppError, `registry/not-found` for a tag that is listed and is not there
   */
  digest(signal: AbortSignal): Promise<string>;
  /** Is an image of this digest there, under whatever tag? One HEAD for each scan. */
  hasDigest(digest: string, signal: AbortSignal): Promise<boolean>;
}

/**
 * Asked of the candidates of a policy, newest first: the first that all its gates let through is the
 * choice. To add a gate, implement this, put its rule into `src/domain/gates`, and name it in `gatesOf`
 * (`policy-gates.ts`), the cheaper before the dearer.
 */
export interface Gate {
  /** Its answers cost no requests, as a rule: it may close on as many candidates as there are. */
  readonly isFree?: true;
  /**
   * @throws AppError when the answer cannot be had: the whole look then fails, and the former choice
   * stays; an older tag never takes the place of one that could not be judged
   */
  ask(candidate: Candidate, signal: AbortSignal): Promise<GateVerdict>;
}

/** May a choice be written? */
export type CheckAnswer =
  /** `signedBy`: who vouches for it, for status. */
  | { readonly kind: 'passed'; readonly signedBy: string }
  /** Why it is held back, with one line for a person. */
  | { readonly kind: 'refused'; readonly reason: BlockReason; readonly message: string };

/**
 * Asked of the choice alone, after all gates. It does not pass a candidate over: a refusal blocks, so
 * that everything stays as it is, and no older tag is chosen instead (a signature that is missing is a
 * reason to stop, not to look elsewhere). Named in `checksOf` (`policy-gates.ts`).
 */
export interface ChoiceCheck {
  /**
   * @param version what is to be written: its digest, where there is one, is the one to check
   * @throws AppError as {@link Gate.ask} does
   */
  readonly check: (
    choice: Candidate,
    version: ImageVersion,
    signal: AbortSignal,
  ) => Promise<CheckAnswer>;
}
