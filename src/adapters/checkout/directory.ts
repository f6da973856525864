import { realpath, stat } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../domain/errors.ts';
import type { FileEntry } from '../../ports/files.ts';
import type { Checkout, CheckoutCommit, FileWrite } from '../../ports/ports.ts';
import { AtomicWriter } from './atomic-writer.ts';
import { CommitJournal } from './commit-journal.ts';
import { programCommitter } from './committer-program.ts';
import { embeddedCommitter } from './committer-embedded.ts';
import type { Committer } from './committer.ts';
import { programHistory } from './history-program.ts';
import { listFolder, readEntry } from './folder-listing.ts';
import { findWorkTree, type WorkTree } from './work-tree.ts';

/** Variables of a process, as in `process.env`. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Files are read without giving up the turn; signals and timers get theirs this often, in ms. */
const TURN_MS = 20;

/**
 * A local folder, which may be (a part of) a Git work tree; commits are by the `git` program, or by
 * isomorphic-git where there is none.
 * @throws AppError `usage` when there is no such folder
 */
export async function openCheckout(dir: string, env: Environment = process.env): Promise<Checkout> {
  const root = await realpath(dir).catch(() => undefined);
  if (root === undefined) throw new AppError('usage', `there is no folder ${dir}`);
  if (!(await stat(root)).isDirectory()) throw new AppError('usage', `${dir} is not a folder`);
  const tree = await findWorkTree(root);
  if (tree !== undefined) await undoKilledCommit(tree, env);
  const writer = new AtomicWriter(root, tree?.gitDir);
  return {
    list: (signal) => listFolder(root, { intoRepos: tree === undefined, signal }),
    read: (entries, maxBytes, signal) => readEntries(root, { entries, maxBytes, signal }),
    history: async (signal) =>
      tree === undefined ? `${dir} is not in a Git work tree` : programHistory(tree, env, signal),
    write: (files, signal) => writer.write(files, signal),
    commit: async (request, signal) => {
      if (tree !== undefined) return commitFiles({ tree, writer, env, request, signal });
      throw new AppError(
        'git/unsupported',
        `${dir} is not in a Git work tree: nothing can be committed`,
      );
    },
  };
}

async function* readEntries(
  root: string,
  request: {
    readonly entries: readonly FileEntry[];
    readonly maxBytes: number;
    readonly signal: AbortSignal;
  },
): ReturnType<Checkout['read']> {
  let turnEnds = performance.now() + TURN_MS;
  for (const entry of request.entries) {
    if (performance.now() > turnEnds) {
      await nextTurn();
      turnEnds = performance.now() + TURN_MS;
    }
    if (request.signal.aborted) throw new AppError('cancelled', 'cancelled');
    yield { entry, bytes: await readEntry(root, entry, request.maxBytes) };
  }
}

interface CommitJob {
  readonly tree: WorkTree;
  readonly writer: AtomicWriter;
  readonly env: Environment;
  readonly request: CheckoutCommit;
  readonly signal: AbortSignal;
}

async function commitFiles({ tree, writer, env, request, signal }: CommitJob): Promise<string> {
  const committer = await chooseCommitter(tree, env, signal);
  const paths = request.files.map(({ path }) => path);
  await committer.assertClean(paths, signal);
  const before: FileWrite[] = [];
  for (const path of paths) before.push({ path, bytes: await writer.read(path) });
  const journal = new CommitJournal(tree.gitDir);
  const fromTop = before.map(({ path, bytes }) => ({ path: tree.prefix + path, bytes }));
  await journal.begin(await committer.head(signal), fromTop, request.files);
  try {
    await writer.write(request.files, signal);
    return await committer.commit(request, signal);
  } catch (error) {
    // As if nothing had happened; the files were clean, so what they held is known.
    await writer.write(before, new AbortController().signal);
    throw error;
  } finally {
    await journal.end();
  }
}

/** Puts back what a process wrote that was killed before it could commit. */
async function undoKilledCommit(tree: WorkTree, env: Environment): Promise<void> {
  const journal = new CommitJournal(tree.gitDir);
  if (!(await journal.hasLeftBehind())) return;
  const { signal } = new AbortController();
  const committer = await chooseCommitter(tree, env, signal);
  const top = new AtomicWriter(tree.top, tree.gitDir);
  const files = await journal.leftBehind(
    () => committer.head(signal),
    (path) => top.read(path),
  );
  await top.write(files, signal);
  await journal.end();
}

async function chooseCommitter(
  tree: WorkTree,
  env: Environment,
  signal: AbortSignal,
): Promise<Committer> {
  return (await programCommitter(tree, env, signal)) ?? embeddedCommitter(tree);
}
