import type { Target } from '../app/update/update-once.ts';
import { AppError } from '../domain/errors.ts';
import type { RepoOptions } from './options.ts';

/** What a command works on: `DIR`, or `--repo URL`. @throws AppError `usage` unless it is exactly one */
export function targetOf(
  dir: string | undefined,
  { repo, branch, commit }: RepoOptions & { readonly commit?: true },
): Target {
  if ((dir === undefined) === (repo === undefined)) {
    throw new AppError('usage', 'give either a folder or --repo URL');
  }
  if (repo !== undefined && commit === true) throw new AppError('usage', '--repo always commits');
  if (repo !== undefined) return { kind: 'remote', url: repo, branch: branch ?? 'main' };
  if (branch !== undefined) throw new AppError('usage', '--branch goes with --repo');
  return { kind: 'folder', dir: dir ?? '.' };
}
