import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError } from '../../domain/errors.ts';
import type { CommitSigner, SigningKey } from '../../ports/signing.ts';
import type { Ports } from '../../ports/ports.ts';
import { requiredSecret } from './required-secret.ts';

/**
 * The key that an automation signs its commits with, opened: so a key that cannot be used shows before
 * there is anything to commit. Undefined when it signs nothing.
 * @throws AppError `secret/not-found`, `secret/invalid`
 */
export type CommitSigners = (
  automation: ImageUpdateAutomation | undefined,
  signal: AbortSignal,
) => Promise<CommitSigner | undefined>;

/** Signers with the keys that Secrets hold. */
export function commitSigners({
  secrets,
  signing,
}: Pick<Ports, 'secrets' | 'signing'>): CommitSigners {
  return async (automation, signal) => {
    const secretRef = automation?.spec.commit?.signingKey?.secretRef;
    if (automation === undefined || secretRef === undefined) return undefined;
    const { namespace } = automation.metadata;
    const secret = await requiredSecret(secrets, namespace, secretRef.name, signal);
    return signing.open(signingKey(secret, `Secret ${namespace}/${secretRef.name}`));
  };
}

/**
 * `git.asc` with `passphrase` is how Flux users keep an OpenPGP key; `identity` with `password` is how
 * they keep an SSH key, and `ssh-privatekey` the name in a Secret of type `kubernetes.io/ssh-auth`.
 */
function signingKey(secret: Readonly<Record<string, string>>, source: string): SigningKey {
  const openPgp = secret['git.asc'];
  const ssh = secret['identity'] ?? secret['ssh-privatekey'];
  if (openPgp !== undefined && ssh !== undefined) {
    throw new AppError(
      'secret/invalid',
      `${source} has an OpenPGP and an SSH key; keep one of them`,
    );
  }
  const text = openPgp ?? ssh;
  if (text === undefined) {
    throw new AppError(
      'secret/invalid',
      `${source} has no key to sign with: neither git.asc (OpenPGP) nor identity (SSH)`,
    );
  }
  const passphrase = secret['passphrase'] ?? secret['password'];
  return {
    kind: openPgp === undefined ? 'ssh' : 'openpgp',
    text,
    source,
    ...(passphrase === undefined || passphrase === '' ? {} : { passphrase }),
  };
}
