import { AppError } from '../../../domain/errors.ts';
import type { Remote } from '../remote.ts';
import type { GitRun } from './git-process.ts';
import { checkIdentity } from './ssh-identity.ts';

/** A run of `git` against a remote that ended in a failure. */
export interface FailedRun extends Pick<GitRun, 'args' | 'env' | 'signal'> {
  readonly stderr: string;
  /** File of the SSH key that was shown. */
  readonly identity: string | undefined;
}

/**
 * Finds out more about a refused login than `git` tells: whether the SSH key could be opened at all, and what the
 * server says of a login over HTTP, such as that it has expired.
 * @throws AppError when there is more to say
 */
export async function explainRefusedLogin(remote: Remote, failed: FailedRun): Promise<void> {
  const { stderr, identity, env, signal } = failed;
  if (identity !== undefined && /: Permission denied \(|^Load key /m.test(stderr)) {
    await checkIdentity(remote, { identity, env }, signal);
  }
  const isRefused = /returned error: 401|Authentication failed|could not read Username/;
  if (remote.authorization !== undefined && isRefused.test(stderr)) await askServer(remote, failed);
}

/** One more request: `git` keeps to itself what comes with an HTTP 401. */
async function askServer(remote: Remote, { args, signal }: FailedRun): Promise<void> {
  const { SmartHttp } = await import('../isomorphic/smart-http.ts');
  const http = new SmartHttp(remote);
  try {
    await http.discover(args.includes('push') ? 'git-receive-pack' : 'git-upload-pack', 0, signal);
  } catch (error) {
    if (error instanceof AppError && error.code === 'git/unauthorized') throw error;
  } finally {
    await http.close();
  }
}
