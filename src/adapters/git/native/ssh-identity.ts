import { spawn } from 'node:child_process';
import { AppError } from '../../../domain/errors.ts';
import type { Remote } from '../remote.ts';

/** Opening a key takes as long as its owner chose, a second most often. In ms. */
const OPEN_TIMEOUT_MS = 20_000;

/** A key file, and an environment in which its passphrase is had. */
interface IdentityFile {
  readonly identity: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Looks for the reason of a refused login in the identity: ssh has the same words for a key that it could not open
 * and for one that the server does not know. Where there is no `ssh-keygen`, nothing is found out.
 * @throws AppError `secret/invalid`
 */
export async function checkIdentity(
  { display, ssh }: Pick<Remote, 'display' | 'ssh'>,
  file: IdentityFile,
  signal: AbortSignal,
): Promise<void> {
  const hasPassphrase = ssh?.passphrase !== undefined;
  const complaint = await complaintOf(file, hasPassphrase, signal);
  if (complaint === undefined) return;
  const invalid = (what: string) =>
    new AppError('secret/invalid', `the SSH identity for ${display} ${what}`);
  if (!/incorrect passphrase/i.test(complaint)) {
    throw invalid('is not a private key that OpenSSH can read');
  }
  throw hasPassphrase
    ? invalid('is not opened by its passphrase; mend password in its Secret')
    : invalid('is locked; give its passphrase as password in its Secret');
}

/** What `ssh-keygen` has against a key; undefined: nothing, or it cannot be asked. */
function complaintOf(
  { identity, env }: IdentityFile,
  hasPassphrase: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Without a passphrase of ours it must not ask for one.
    const passphrase = hasPassphrase ? [] : ['-P', ''];
    const child = spawn('ssh-keygen', ['-y', '-f', identity, ...passphrase], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      // In a session of its own there is no terminal to ask on.
      detached: true,
      signal: AbortSignal.any([signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)]),
      killSignal: 'SIGKILL',
    });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words += chunk));
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code === 0 || code === null ? undefined : words));
  });
}
