import type { ImagePolicy } from '../../api/image-policy.ts';
import type { HoldReason, PassedOver } from '../gates/gate-verdict.ts';
import { parseRepository, repositoryKey } from '../image-reference.ts';
import type { PolicyKey } from '../manifest/image-field.ts';
import type { TagSelector } from '../selection/selector.ts';

/** Why a choice is held back. Closed set: it is shown as the reason of decisions and conditions. */
export type BlockReason = HoldReason | 'PromotionInvalid' | 'Unconfirmed' | 'VerificationFailed';

/** What a policy says a location should hold now, or why it says nothing. */
export type Choice =
  | { readonly kind: 'selected'; readonly tag: string; readonly digest?: string }
  /** The registry answered, and no tag is allowed. */
  | { readonly kind: 'none'; readonly message: string }
  /** A tag would be allowed, and is held back: all locations stay as they are. */
  | { readonly kind: 'blocked'; readonly reason: BlockReason; readonly message: string }
  /** The registry did not answer in full: nothing may be concluded. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'suspended' };

/** One policy with what its registry said: all that planning needs to know of it. */
export interface PolicyView {
  readonly policy: ImagePolicy;
  readonly selector: TagSelector;
  readonly choice: Choice;
  /** Newer candidates that a gate did not let through, newest first. */
  readonly passedOver: readonly PassedOver[];
  /** Does the registry have this tag? Undefined when that is not known. */
  readonly hasTag: (tag: string) => boolean | undefined;
  /** Digest of a tag, where it was asked for. */
  readonly digestOf: (tag: string) => string | undefined;
  /** Why a tag may not be written although a lock names it; undefined where nothing is against it. */
  readonly refusalOf: (tag: string) => string | undefined;
  /** Who signed the choice, where a signature is demanded: `signed with cosign.pub of Secret apps/keys`. */
  readonly signedBy?: string;
  /** `minimumAge` held nothing back: this was the first look, and nobody knows since when tags are there. */
  readonly agesUnknown?: true;
}

/** `namespace/name`: how markers, reports and trailers name a policy. */
export function policyKey(policy: ImagePolicy): PolicyKey {
  return `${policy.metadata.namespace}/${policy.metadata.name}`;
}

/** Name that the policy writes into manifests. */
export function writtenName(policy: ImagePolicy): string {
  return policy.spec.writtenName ?? policy.spec.image;
}

/** Canonical repository of the fields that belong to the policy. */
export function writtenRepository(policy: ImagePolicy): string {
  return repositoryKey(parseRepository(writtenName(policy)));
}

/**
 * Does the policy write `tag@digest`? Following a mutable tag is nothing but that, and of a tag that had
 * to be signed only the digest is what was verified.
 */
export function reflectsDigest({ spec }: ImagePolicy): boolean {
  return (
    spec.policy.digest !== undefined ||
    spec.verify !== undefined ||
    spec.digestReflectionPolicy !== 'Never'
  );
}

/** Is a digest kept up to date even while the tag stays the same? */
export function followsDigest(policy: ImagePolicy): boolean {
  return policy.spec.policy.digest !== undefined || policy.spec.digestReflectionPolicy === 'Always';
}
