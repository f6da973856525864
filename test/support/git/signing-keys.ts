import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GIT_TEST_ENV } from './repo.ts';

/** A private key with what `git verify-commit` needs to know it by. */
export interface TestKey {
  readonly text: string;
  /** Environment in which `git verify-commit` trusts this key, and no other. */
  readonly verifyEnv: Readonly<Record<string, string>>;
}

/** Who the keys of tests belong to. */
export const SIGNER = 'bot@example.com';

/** Makes an OpenPGP key by the `gpg` program. @param folder short, since gpg puts sockets there */
export function makeOpenPgpKey(
  folder: string,
  options: {
    readonly passphrase?: string;
    readonly algorithm?: string;
    readonly isExpired?: boolean;
  } = {},
): TestKey {
  const { passphrase = '', algorithm = 'ed25519', isExpired = false } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const gpg = (...args: string[]) =>
    execFileSync(
      'gpg',
      [
        '--homedir',
        folder,
        '--batch',
        '--pinentry-mode=loopback',
        '--passphrase',
        passphrase,
        ...args,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'], env: GIT_TEST_ENV },
    ).toString('utf8');
  const longAgo = isExpired ? ['--faked-system-time', '20200101T000000'] : [];
  const expires = isExpired ? '1d' : '0';
  gpg(...longAgo, '--quick-generate-key', `Bot <${SIGNER}>`, algorithm, 'sign', expires);
  const text = gpg('--armor', '--export-secret-keys', SIGNER);
  execFileSync('gpgconf', ['--homedir', folder, '--kill', 'all'], { stdio: 'ignore' });
  return { text, verifyEnv: { GNUPGHOME: folder } };
}

/** Makes an SSH key by `ssh-keygen`. @param kind its arguments, such as `-t ed25519` */
export function makeSshKey(folder: string, kind: readonly string[], passphrase = ''): TestKey {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', ...kind, '-N', passphrase, '-C', 'test', '-f', file]);
  const signers = join(folder, 'allowed_signers');
  writeFileSync(signers, `${SIGNER} namespaces="git" ${readFileSync(`${file}.pub`, 'utf8')}`);
  return {
    text: readFileSync(file, 'utf8'),
    verifyEnv: {
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'gpg.ssh.allowedSignersFile',
      GIT_CONFIG_VALUE_0: signers,
      GIT_CONFIG_KEY_1: 'gpg.format',
      GIT_CONFIG_VALUE_1: 'ssh',
    },
  };
}

/** Asks `git verify-commit`. @returns whether it vouches for the commit, and what it said */
export function verifyCommit(
  repo: string,
  commit: string,
  { verifyEnv }: TestKey,
): { readonly isGood: boolean; readonly words: string } {
  try {
    execFileSync('git', ['verify-commit', '--raw', commit], {
      cwd: repo,
      env: { ...GIT_TEST_ENV, ...verifyEnv },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { isGood: true, words: '' };
  } catch (error) {
    return { isGood: false, words: String((error as { stderr: Buffer }).stderr) };
  }
}
