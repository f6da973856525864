import { join } from 'node:path';
import { readCommitText } from '../../domain/commit-text.ts';
import { AppError, type Location } from '../../domain/errors.ts';
import type { FileContent, FileEntry } from '../../ports/files.ts';
import type { CheckoutHistory, FileChange, LoggedCommit } from '../../ports/history.ts';
import { gitIn, gitRefusal, PATHS_PER_CALL, type RunGit } from './git-program.ts';
import type { WorkTree } from './work-tree.ts';

/**
 * The history of a work tree by the `git` program. That of a shallow clone ends where it was cut off; it is not
 * fetched, since that would change the user's repo.
 * @returns a text where there is none
 */
export async function programHistory(
  tree: WorkTree,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<CheckoutHistory | string> {
  const folder = join(tree.top, tree.prefix);
  const open = (until: AbortSignal) => gitIn(folder, env, until);
  const run = open(signal);
  if ((await run(['--version'])).code !== 0) return 'there is no git program to read it';
  const refusal = await gitRefusal(run, folder);
  if (refusal !== undefined) return refusal;
  const head = await run(['rev-parse', '--verify', '--quiet', 'HEAD']);
  if (head.code !== 0) return 'nothing has been committed yet';
  return {
    head: head.stdout.trim(),
    log: (from, maxCommits, until) => log(open(until), from, maxCommits),
    changes: async ({ before, after }, until) => {
      const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--relative', before, after];
      return fileChanges(await output(open(until), args));
    },
    files: () => ({ read: (entries, maxBytes, until) => read(open(until), entries, maxBytes) }),
    uncommitted: (paths, until) => uncommitted(open(until), tree, paths),
  };
}

/** @throws AppError `git/unsupported` unless it succeeds: there is nothing to be renewed */
async function output(run: RunGit, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  if (code === 0) return stdout;
  throw unreadable(stderr);
}

function unreadable(stderr: string, at?: Location): AppError {
  const reason = stderr.split('\n')[0] ?? '';
  const message = `git could not read the history (${reason})`;
  return new AppError('git/unsupported', message, at === undefined ? {} : { at });
}

async function* log(run: RunGit, from: string, maxCommits: number): AsyncGenerator<LoggedCommit> {
  const args = [
    'rev-list',
    '--header',
    '--parents',
    `--max-count=${maxCommits}`,
    '--encoding=UTF-8',
    from,
  ];
  const texts = (await output(run, args)).split('\0').filter((text) => text.trim() !== '');
  let ofOneSecond: LoggedCommit[] = [];
  for (const commit of texts.map(parseCommit)) {
    if (ofOneSecond[0]?.time.getTime() !== commit.time.getTime()) {
      yield* byDescent(ofOneSecond);
      ofOneSecond = [];
    }
    ofOneSecond.push(commit);
  }
  yield* byDescent(ofOneSecond);
}

/** Commits with what they were made on: `git` goes by time alone, unless it reads all there is. */
function byDescent(commits: readonly LoggedCommit[]): readonly LoggedCommit[] {
  const ordered: LoggedCommit[] = [];
  const pending = new Map(commits.map((commit) => [commit.id, commit]));
  const visit = (commit: LoggedCommit) => {
    pending.delete(commit.id);
    for (const id of commit.parents) {
      const parent = pending.get(id);
      if (parent !== undefined) visit(parent);
    }
    ordered.unshift(commit);
  };
  for (const commit of commits.toReversed()) if (pending.has(commit.id)) visit(commit);
  return ordered;
}

/** Reads the id and those of the parents at hand, and after them the commit, whose message is indented (git-rev-list, `--header`, `--parents`). */
function parseCommit(text: string): LoggedCommit {
  const end = text.indexOf('\n');
  const [id = '', ...parents] = text.slice(0, end).trim().split(' ');
  const commit = readCommitText(text.slice(end + 1));
  const isCutOff = parents.length < commit.parents.length;
  const message = commit.message.replaceAll(/^ {4}/gm, '');
  return { ...commit, id, parents, message, ...(isCutOff ? { isCutOff } : {}) };
}

/** Reads `:MODE MODE ID ID STATUS`, NUL, the path, NUL (git-diff-tree, raw output format). */
function fileChanges(text: string): FileChange[] {
  const parts = text.split('\0');
  const changes: FileChange[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [oldMode = '', newMode = '', oldId = '', newId = ''] = (parts[at] ?? '')
      .slice(1)
      .split(' ');
    const before = blobId(oldMode, oldId);
    const after = blobId(newMode, newId);
    const path = parts[at + 1] ?? '';
    if (before !== after) changes.push({ path, before, after });
  }
  return changes;
}

/** Of a submodule the id is a commit's. */
function blobId(mode: string, id: string): string | undefined {
  return /^0+$/.test(id) || mode === '160000' ? undefined : id;
}

async function* read(
  run: RunGit,
  entries: readonly FileEntry[],
  maxBytes: number,
): AsyncGenerator<FileContent> {
  for (const entry of entries) {
    const result = await run(['cat-file', 'blob', entry.id ?? ''], { maxBytes });
    const isTooLarge = result.code === undefined && result.bytes.length > 0;
    if (result.code !== 0 && !isTooLarge) throw unreadable(result.stderr, { path: entry.path });
    yield { entry, bytes: isTooLarge ? undefined : new Uint8Array(result.bytes) };
  }
}

async function uncommitted(
  run: RunGit,
  { prefix }: WorkTree,
  paths: readonly string[],
): Promise<readonly Omit<FileChange, 'after'>[]> {
  const found: Omit<FileChange, 'after'>[] = [];
  for (let at = 0; at < paths.length; at += PATHS_PER_CALL) {
    const some = paths.slice(at, at + PATHS_PER_CALL);
    const flags = ['--porcelain=v1', '-z', '--untracked-files=all', '--ignored', '--no-renames'];
    const status = await output(run, ['--no-optional-locks', 'status', ...flags, '--', ...some]);
    // "XY path<NUL>", relative to the work tree's top (git-status, porcelain format 1)
    const dirty = status
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => line.slice(3 + prefix.length));
    if (dirty.length === 0) continue;
    const ids = treeIds(await output(run, ['ls-tree', '-z', 'HEAD', '--', ...dirty]));
    found.push(...dirty.map((path) => ({ path, before: ids.get(path) })));
  }
  return found;
}

/** Reads `MODE TYPE ID`, a tab, the path, NUL (git-ls-tree). */
function treeIds(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\0').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const tab = line.indexOf('\t');
      return [line.slice(tab + 1), line.slice(0, tab).split(' ')[2] ?? ''] as const;
    }),
  );
}
