import type { ImagePolicy } from '../../../api/image-policy.ts';
import { parseRepository, repositoryKey } from '../../../domain/image-reference.ts';
import type { CosignSpec } from '../../../domain/signature/signature-requirement.ts';
import type { SignatureVerdict } from '../../../domain/signature/signature-verdict.ts';
import type { Registry } from '../../../ports/registry.ts';
import type { SignatureVerifier } from '../../../ports/signature.ts';
import { registryAccess, type AccessPorts } from '../../access/registry-access.ts';
import { requirementOf } from '../../access/signature-requirement.ts';
import type { RepositoryScan } from '../repository-scans.ts';

/** Requirements, and digests for each, that are remembered as met; then the oldest is forgotten. */
const MAX_REQUIREMENTS = 500;
const MAX_DIGESTS = 1_000;

/** The outside effects of checking signatures. */
export interface SignaturePorts extends AccessPorts {
  readonly registry: Registry;
  readonly signatures: SignatureVerifier;
}

/** An image that is to be written. */
export interface SignedImage {
  readonly policy: ImagePolicy;
  readonly scan: RepositoryScan;
  /** Of the tag, as of this scan. */
  readonly digest: string;
}

/**
 * Signatures of images, each verified once for what a policy demands. A digest that met a requirement
 * has met it for ever; one that did not is looked at again with the next scan, because many are signed
 * a moment after they were pushed.
 */
export class SignatureChecks {
  readonly #ports: SignaturePorts;
  readonly #met = new Map<string, Map<string, SignatureVerdict>>();
  readonly #ofScan = new WeakMap<RepositoryScan, Map<string, Promise<SignatureVerdict>>>();

  constructor(ports: SignaturePorts) {
    this.#ports = ports;
  }

  /**
   * What the signatures of an image are worth to a policy that demands this.
   * @throws AppError when the registry, a Secret or the trusted root cannot be had
   */
  async verdict(
    image: SignedImage,
    cosign: CosignSpec,
    signal: AbortSignal,
  ): Promise<SignatureVerdict> {
    const { policy, scan, digest } = image;
    const ofScan = this.#ofScan.get(scan) ?? new Map<string, Promise<SignatureVerdict>>();
    this.#ofScan.set(scan, ofScan);
    const key = JSON.stringify([policy.metadata.namespace, cosign, digest]);
    const known = ofScan.get(key);
    if (known !== undefined) return known;
    const verdict = this.#verify(image, cosign, signal);
    ofScan.set(key, verdict);
    // A failure is no verdict: whoever asks next asks the registry.
    verdict.catch(() => ofScan.delete(key));
    return verdict;
  }

  async #verify(
    { policy, digest }: SignedImage,
    cosign: CosignSpec,
    signal: AbortSignal,
  ): Promise<SignatureVerdict> {
    const { registry, secrets, signatures } = this.#ports;
    const requirement = await requirementOf(policy.metadata, cosign, secrets, signal);
    const repository = parseRepository(policy.spec.image);
    const met = this.#metOf(JSON.stringify([repositoryKey(repository), requirement]));
    const known = met.get(digest);
    if (known !== undefined) return known;
    const access = await registryAccess(policy, this.#ports, signal);
    const attached = await registry.signatures(repository, digest, access, signal);
    const verdict = await signatures.verify(digest, attached, requirement, signal);
    if (verdict.kind === 'verified') remember(met, digest, verdict, MAX_DIGESTS);
    return verdict;
  }

  #metOf(requirement: string): Map<string, SignatureVerdict> {
    const met = this.#met.get(requirement) ?? new Map<string, SignatureVerdict>();
    remember(this.#met, requirement, met, MAX_REQUIREMENTS);
    return met;
  }
}

/** Sets a value; of more than `max`, the one set first goes. */
function remember<V>(map: Map<string, V>, key: string, value: V, max: number): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
