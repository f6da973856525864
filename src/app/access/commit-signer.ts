import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError } from '../../domain/errors.ts';
import type { CommitSigner, KeySigner, SigningKey } from '../../ports/signing.ts';
import type { GitAccess, Ports } from '../../ports/ports.ts';
import { gitHubSigner } from './github-signer.ts';
import { requiredSecret } from './required-secret.ts';

/**
 * Who signs the commits of an automation; undefined: nobody. Keys are opened: so one that cannot be used shows before
 * there is anything to commit.
 * @throws AppError `secret/not-found`, `secret/invalid`, `resource/invalid`, `resource/not-supported`
 */
export type SignersOf<T extends CommitSigner> = (
  automation: ImageUpdateAutomation | undefined,
  signal: AbortSignal,
) => Promise<T | undefined>;

type KeyPorts = Pick<Ports, 'secrets' | 'signing'>;

/** Signers of what goes to a repo: the keys that Secrets hold, or GitHub. */
export function commitSigners(
  ports: KeyPorts & Pick<Ports, 'open' | 'gitLogins'>,
  git: GitAccess,
): SignersOf<CommitSigner> {
  return async (automation, signal) =>
    automation?.spec.commit?.signedBy === undefined
      ? openedKey(automation, ports, signal)
      : gitHubSigner(git, ports);
}

/** Signers of what is committed in a folder: keys alone. */
export function keySigners(ports: KeyPorts): SignersOf<KeySigner> {
  return async (automation, signal) => {
    if (automation?.spec.commit?.signedBy === undefined) {
      return openedKey(automation, ports, signal);
    }
    throw new AppError(
      'resource/not-supported',
      'spec.commit.signedBy: GitHub signs what is committed there, and not in a folder; use --repo, or commit what is written here yourself',
    );
  };
}

async function openedKey(
  automation: ImageUpdateAutomation | undefined,
  { secrets, signing }: KeyPorts,
  signal: AbortSignal,
): Promise<KeySigner | undefined> {
  const secretRef = automation?.spec.commit?.signingKey?.secretRef;
  if (automation === undefined || secretRef === undefined) return undefined;
  const { namespace } = automation.metadata;
  const secret = await requiredSecret(secrets, namespace, secretRef.name, signal);
  return signing.open(signingKey(secret, `Secret ${namespace}/${secretRef.name}`));
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
