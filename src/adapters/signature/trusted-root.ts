import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify';
import { AppError } from '../../domain/errors.ts';

/** Whom to trust, as a `trusted_root.json` says. @throws AppError `secret/invalid` */
export function readTrustedRoot({
  name,
  json,
}: {
  readonly name: string;
  readonly json: string;
}): TrustMaterial {
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(json));
    if (root.certificateAuthorities.length > 0 && root.tlogs.length > 0) return trustIn(root);
  } catch (cause) {
    throw notARoot(name, cause);
  }
  throw notARoot(name);
}

/** A root as the verifier takes it. Public keys that stand by themselves are not its business. */
export function trustIn(root: TrustedRoot): TrustMaterial {
  return toTrustMaterial(root);
}

function notARoot(name: string, cause?: unknown): AppError {
  return new AppError(
    'secret/invalid',
    `${name} is not a Sigstore trusted root; \`cosign trusted-root create\` makes one`,
    { cause },
  );
}
