import type { ImagePolicy } from '../../api/image-policy.ts';
import {
  signatureRequirement,
  type CosignSpec,
  type NamedSecret,
  type SignatureRequirement,
} from '../../domain/signature/signature-requirement.ts';
import type { Secrets } from '../../ports/ports.ts';
import { requiredSecret } from './required-secret.ts';

/** What signature a policy demands. @throws AppError `secret/not-found`, `secret/invalid` */
export async function requirementOf(
  { namespace }: ImagePolicy['metadata'],
  cosign: CosignSpec,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<SignatureRequirement> {
  const read = async (ref: { readonly name: string }): Promise<NamedSecret> => ({
    name: `${namespace}/${ref.name}`,
    values: await requiredSecret(secrets, namespace, ref.name, signal),
  });
  const { secretRef, trustedRootSecretRef } = cosign;
  return signatureRequirement(cosign, {
    ...(secretRef === undefined ? {} : { keys: await read(secretRef) }),
    ...(trustedRootSecretRef === undefined
      ? {}
      : { trustedRoot: await read(trustedRootSecretRef) }),
  });
}
