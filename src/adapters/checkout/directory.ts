import { realpath, stat } from 'node:fs/promises';
import { AppError } from '../../domain/errors.ts';
import type { Checkout, CommitRequest, FileEntry, FileWrite } from '../../ports.ts';
import { AtomicWriter } from './atomic-writer.ts';
import { programCommitter } from './committer-program.ts';
import { embeddedCommitter } from './committer-embedded.ts';
import type { Committer } from './committer.ts';
import { listFolder, readEntry } from './folder-listing.ts';
import { findWorkTree, type WorkTree } from './work-tree.ts';

/** Variables of a process, as in `process.env`. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A local folder, which may be (a part of) a Git work tree; commits are by the `git` program, or by
 * isomorphic-git where there is none.
 * @throws AppError `usage` when there is no such folder
 */
export async function openCheckout(dir: string, env: Environment = process.env): Promise<Checkout> {
  const root = await realpath(dir).catch(() => undefined);
  if (root === undefined || !(await stat(root)).isDirectory()) {
    throw new AppError('usage', `there is no folder ${dir}`);
  }
  const tree = await findWorkTree(root);
  const writer = new AtomicWriter(root, tree?.gitDir);
  return {
    list: (signal) => listFolder(root, { intoRepos: tree === undefined, signal }),
    read: (entries, maxBytes, signal) => readEntries(root, { entries, maxBytes, signal }),
    write: (files, signal) => writer.write(files, signal),
    commit: (request, signal) => commitFiles({ dir, tree, writer, env, request, signal }),
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
  for (const entry of request.entries) {
    if (request.signal.aborted) throw new AppError('cancelled', 'cancelled');
    yield { entry, bytes: await readEntry(root, entry, request.maxBytes) };
  }
}

async function commitFiles(job: {
  readonly dir: string;
  readonly tree: WorkTree | undefined;
  readonly writer: AtomicWriter;
  readonly env: Environment;
  readonly request: Omit<CommitRequest, 'parent'>;
  readonly signal: AbortSignal;
}): Promise<string> {
  const { tree, writer, request, signal } = job;
  if (tree === undefined) {
    throw new AppError(
      'git/unsupported',
      `${job.dir} is not in a Git work tree: nothing can be committed`,
    );
  }
  const committer: Committer =
    (await programCommitter(tree, job.env, signal)) ?? embeddedCommitter(tree);
  const paths = request.files.map(({ path }) => path);
  await committer.assertClean(paths, signal);
  const before = await readOriginals(writer, request.files);
  await writer.write(request.files, signal);
  try {
    return await committer.commit(request, signal);
  } catch (error) {
    // As if nothing had happened; the files were clean, so what they held is known.
    await writer.write(before, new AbortController().signal);
    throw error;
  }
}

async function readOriginals(
  writer: AtomicWriter,
  files: readonly FileWrite[],
): Promise<FileWrite[]> {
  const originals: FileWrite[] = [];
  for (const { path } of files) originals.push({ path, bytes: await writer.read(path) });
  return originals;
}
