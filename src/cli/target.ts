import type { RemoteTarget, Target } from '../app/update/target.ts';
import { AppError } from '../domain/errors.ts';
import { checkBranch } from '../domain/resources/git-names.ts';
import type { PushBranchOptions, RepoOptions } from './options.ts';

/** What a command works on: `DIR`, or `--repo URL`. @throws AppError `usage` unless it is exactly one */
export function targetOf(
  dir: string | undefined,
  { repo, branch, commit }: RepoOptions & { readonly commit?: true },
): Target {
  if ((dir === undefined) === (repo === undefined)) {
    throw new AppError('usage', 'give either a folder or --repo URL');
  }
  if (repo !== undefined && commit === true) throw new AppError('usage', '--repo always commits');
  if (repo !== undefined) return remoteTarget(repo, branch);
  if (branch !== undefined) throw new AppError('usage', '--branch goes with --repo');
  return { kind: 'folder', dir: dir ?? '.' };
}

/** A branch of a repo that was named. */
export function remoteTarget(url: string, branch: string | undefined): RemoteTarget {
  return { kind: 'remote', url, ...(branch === undefined ? {} : { branch }) };
}

/** The new branch to push to. @throws AppError `usage` where it does not go with the rest, or is no name */
export function pushBranchOf({ repo, pushBranch }: PushBranchOptions): {
  readonly pushBranch?: string;
} {
  if (pushBranch === undefined) return {};
  if (repo === undefined) throw new AppError('usage', '--push-branch goes with --repo');
  checkBranch(pushBranch);
  return { pushBranch };
}
