import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { withSignature } from '../../domain/signed-commit.ts';
import type { KeySigner } from '../../ports/signing.ts';
import { dirty, type Committer } from './committer.ts';
import { gitIn, gitRefusal, PATHS_PER_CALL, type RunGit } from './git-program.ts';
import type { WorkTree } from './work-tree.ts';

/** Files that say that a merge or the like waits to be finished: a commit of single paths is impossible. */
const UNFINISHED = [
  'MERGE_HEAD',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'rebase-merge',
  'rebase-apply',
];

/**
 * Commits by the `git` program. Hooks do not run and the user's own key signs nothing: what is committed
 * is exactly what was announced.
 * @returns undefined when there is no such program
 */
export async function programCommitter(
  tree: WorkTree,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Committer | undefined> {
  const folder = join(tree.top, tree.prefix);
  const run = gitIn(folder, env, signal);
  // A commit that has begun is not cut off: whether it was made would be anyone's guess.
  const runToTheEnd = gitIn(folder, env, new AbortController().signal);
  if ((await run(['--version'])).code !== 0) return undefined;
  return {
    assertClean: async (paths) => {
      await assertNothingUnfinished(tree);
      await assertReadable(run, folder);
      await assertUnchanged(run, tree, paths);
    },
    head: async () => (await run(['rev-parse', 'HEAD'])).stdout.trim(),
    commit: async (request) => {
      const { author, time, files } = request;
      const date = `${Math.floor(time.getTime() / 1000)} +0000`;
      const paths = files.map(({ path }) => path);
      // The paths come on stdin, so the message, which may be longer than an argument, needs a file.
      const messageFile = join(tree.gitDir, `lockkeeper-message-${process.pid}`);
      if (signal.aborted) throw new AppError('cancelled', 'cancelled');
      await writeFile(messageFile, request.message);
      const flags = ['--only', '--quiet', '--no-verify', '--no-gpg-sign', '--cleanup=verbatim'];
      const result = await runToTheEnd(
        ['commit', ...flags, '-F', messageFile, '--pathspec-from-file=-', '--pathspec-file-nul'],
        {
          input: paths.join('\0'),
          env: {
            GIT_AUTHOR_NAME: author.name,
            GIT_AUTHOR_EMAIL: author.email,
            GIT_AUTHOR_DATE: date,
            GIT_COMMITTER_NAME: author.name,
            GIT_COMMITTER_EMAIL: author.email,
            GIT_COMMITTER_DATE: date,
          },
        },
      );
      await rm(messageFile, { force: true });
      if (result.code !== 0) throw commitFailure(folder, result.stderr);
      const head = (await runToTheEnd(['rev-parse', 'HEAD'])).stdout.trim();
      return request.signer === undefined
        ? head
        : signHead({ run: runToTheEnd, folder, head }, request.signer);
    },
  };
}

/** Puts the same commit with a signature in the place of the one just made. @returns its id */
async function signHead(
  { run, folder, head }: { run: RunGit; folder: string; head: string },
  signer: KeySigner,
): Promise<string> {
  const must = async (args: readonly string[], input = ''): Promise<string> => {
    const result = await run(args, { input });
    if (result.code !== 0) throw commitFailure(folder, result.stderr);
    return result.stdout;
  };
  const content = Buffer.from(await must(['cat-file', 'commit', head]));
  const signed = Buffer.from(withSignature(content, await signer.sign(content)));
  const write = ['hash-object', '-t', 'commit', '-w', '--stdin'];
  const id = (await must(write, signed.toString('utf8'))).trim();
  await must(['update-ref', '-m', 'commit: signed', 'HEAD', id, head]);
  return id;
}

async function assertNothingUnfinished({ gitDir, top }: WorkTree): Promise<void> {
  for (const name of UNFINISHED) {
    const info = await stat(join(gitDir, name)).catch(() => undefined);
    if (info === undefined) continue;
    throw new AppError('git/dirty', `a merge or rebase is not finished in ${top}; finish it first`);
  }
}

async function assertReadable(run: RunGit, folder: string): Promise<void> {
  const refusal = await gitRefusal(run, folder);
  if (refusal !== undefined) throw new AppError('git/unsupported', refusal);
}

async function assertUnchanged(
  run: RunGit,
  tree: WorkTree,
  paths: readonly string[],
): Promise<void> {
  for (let at = 0; at < paths.length; at += PATHS_PER_CALL) {
    const some = paths.slice(at, at + PATHS_PER_CALL);
    const args = ['status', '--porcelain=v1', '-z', '--untracked-files=all', '--ignored', '--'];
    const result = await run([...args, ...some]);
    if (result.code !== 0) throw commitFailure(tree.top, result.stderr);
    // "XY path<NUL>", relative to the work tree's top (git-status, porcelain format 1)
    const [first] = result.stdout.split('\0');
    if (first === undefined || first === '') continue;
    const path = first.slice(3).replace(tree.prefix, '');
    throw dirty(path, !/^(\?\?|!!)/.test(first));
  }
}

function commitFailure(folder: string, stderr: string): AppError {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const reason =
    lines.find((line) => /^(fatal|error):/.test(line)) ?? lines[0] ?? 'no reason given';
  return new AppError(
    'git/rejected',
    `git could not commit in ${folder} (${reason.slice(0, 200)})`,
  );
}
