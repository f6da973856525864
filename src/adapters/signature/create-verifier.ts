import type { TrustMaterial } from '@sigstore/verify';
import { untilCancelled } from '../../domain/cancellation.ts';
import type { SignatureRequirement } from '../../domain/signature/signature-requirement.ts';
import {
  signatureVerdict,
  type SignatureFault,
  type SignatureFinding,
} from '../../domain/signature/signature-verdict.ts';
import type { SignatureVerifier } from '../../ports/signature.ts';
import { verifyByIdentity } from './by-identity.ts';
import { readPublicKey, type PublicKey } from './public-keys.ts';
import type { PublicRootOptions } from './public-root.ts';
import { readSignature, type ReadSignature } from './read-signature.ts';
import { readTrustedRoot, trustIn } from './trusted-root.ts';

const STOPPED = 'cancelled while signatures were verified';

/** A verifier whose largest part is loaded when it is first needed, or before. */
export interface LoadableVerifier extends SignatureVerifier {
  /** Loads what the public Sigstore takes; nothing is fetched yet. */
  load(): Promise<void>;
}

/** The `SignatureVerifier` port for cosign, by the Sigstore project's own libraries. Keep one per process. */
export function createSignatureVerifier(options: PublicRootOptions): LoadableVerifier {
  let publicRoot: Promise<() => Promise<TrustMaterial>> | undefined;
  const thePublicRoot = () => (publicRoot ??= loadPublicRoot(options));

  async function trustFor({
    identities,
    trustedRoot,
  }: SignatureRequirement): Promise<TrustMaterial | undefined> {
    if (identities.length === 0) return undefined;
    if (trustedRoot !== undefined) return readTrustedRoot(trustedRoot);
    return (await thePublicRoot())();
  }

  return {
    async verify(digest, { signatures, isPartial }, requirement, signal) {
      const keys = requirement.keys.map(readPublicKey);
      // Without a certificate there is nothing that the root could vouch for.
      const read = signatures.map(readSignature);
      const needsTrust = read.some((one) => 'content' in one && one.bundle !== undefined);
      // The library takes no signal. What it has begun goes on and is used by the next who asks.
      const trust = needsTrust
        ? await untilCancelled(trustFor(requirement), signal, STOPPED)
        : undefined;
      const findings = read.flatMap((one) =>
        'content' in one ? judge(digest, one, { keys, trust, requirement }) : [refused(one)],
      );
      return signatureVerdict(findings, isPartial);
    },
    load: async () => void (await thePublicRoot()),
  };
}

/** What one signature is worth by each way of trusting it. */
function judge(
  digest: string,
  signature: ReadSignature,
  by: {
    readonly keys: readonly PublicKey[];
    readonly trust: TrustMaterial | undefined;
    readonly requirement: SignatureRequirement;
  },
): readonly SignatureFinding[] {
  const { identities } = by.requirement;
  return [
    ...(by.keys.length === 0 ? [] : [verifyByKey(digest, signature, by.keys)]),
    ...(identities.length === 0
      ? []
      : [
          by.trust === undefined
            ? refused({ kind: 'MadeByKey' })
            : verifyByIdentity(digest, signature, by.trust, identities),
        ]),
  ];
}

/**
 * Checks a signature by key. The transparency log is not asked for: who holds a key says by it alone what
 * is theirs, and many keep their images out of public logs.
 */
function verifyByKey(
  digest: string,
  { content, signature, digests }: ReadSignature,
  keys: readonly PublicKey[],
): SignatureFinding {
  const key = keys.find(({ verifies }) => verifies(content, signature));
  const [other = 'none'] = digests;
  const isMeant = digests.includes(digest);
  if (key === undefined) return refused({ kind: isMeant ? 'OtherKey' : 'Changed' });
  return isMeant
    ? { kind: 'verified', by: `signed with ${key.name}` }
    : refused({ kind: 'OtherImage', digest: other });
}

function refused(fault: SignatureFault): SignatureFinding {
  return { kind: 'refused', fault };
}

/** Loaded only where a policy trusts the public Sigstore: TUF's client is larger than all the rest. */
async function loadPublicRoot(options: PublicRootOptions): Promise<() => Promise<TrustMaterial>> {
  const { createPublicRoot } = await import('./public-root.ts');
  const root = createPublicRoot(options);
  return async () => trustIn(await root());
}
