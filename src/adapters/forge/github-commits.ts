import { z } from 'zod';
import { AppError, type ErrorCode } from '../../domain/errors.ts';
import { gitHubCommit } from '../../domain/signed-commit.ts';
import type { ChangedFile, CommitToMake, ForgeCommit, ForgeCommits } from '../../ports/forge.ts';
import type { ForgeHttp } from './forge-http.ts';

/** What the API asks of an App that makes commits; for messages. */
export const COMMIT_RIGHT = 'to write the repo’s contents (“Contents: Read and write”)';

/** Contents go within the request. An update changes some KB; this is more than any. */
const MAX_CONTENT_BYTES = 20 * 1024 * 1024;

const Id = z.string().regex(/^[0-9a-f]{40}$/);

const Tree = z.object({ sha: Id });

const Commit = z.object({
  sha: Id,
  verification: z.object({
    verified: z.boolean(),
    reason: z.string().max(100),
    signature: z.string().nullish(),
    payload: z.string().nullish(),
  }),
});

/** Reasons for no signature that pass by themselves (docs.github.com/rest/git/commits). */
const FOR_NOW: ReadonlySet<string> = new Set(['gpgverify_error', 'gpgverify_unavailable']);

/**
 * Commits by GitHub's API for Git objects (docs.github.com/rest/git). GitHub signs one that an App makes with its own
 * token and without naming author, committer or signature ("Signature verification for bots").
 */
export class GitHubCommits implements ForgeCommits {
  readonly #http: ForgeHttp;
  /** Path of the objects of the repo in the API. */
  readonly #git: string;

  /** @param path owner and name of the repo */
  constructor(http: ForgeHttp, path: readonly string[]) {
    this.#http = http;
    this.#git = `/repos/${path.map(encodeURIComponent).join('/')}/git`;
  }

  async make(commit: CommitToMake, signal: AbortSignal): Promise<ForgeCommit> {
    checkFiles(commit.files);
    // A commit that changes no file has its parent's tree.
    if (commit.files.length > 0) await this.#makeTree(commit, signal);
    const { message, tree, parent } = commit;
    const body = { message, tree, parents: [parent] };
    const made = await this.#post('commits', body, Commit, signal);
    const { verified, reason, signature, payload } = made.verification;
    if (!verified || !signature || !payload) throw unsigned(reason);
    return { id: made.sha, content: gitHubCommit(payload, signature) };
  }

  /** Makes the tree known. One that is not the same to the byte is nothing to make a commit of. */
  async #makeTree({ tree, parentTree, files }: CommitToMake, signal: AbortSignal): Promise<void> {
    const body = {
      base_tree: parentTree,
      tree: files.map(({ path, mode, bytes }) => ({
        path,
        mode,
        type: 'blob',
        content: Buffer.from(bytes).toString('utf8'),
      })),
    };
    const { sha } = await this.#post('trees', body, Tree, signal);
    if (sha === tree) return;
    throw new AppError(
      'git/rejected',
      `GitHub made tree ${sha.slice(0, 12)} of the changed files, and not ${tree.slice(0, 12)} as it is here; nothing was pushed`,
    );
  }

  async #post<T>(
    place: 'trees' | 'commits',
    body: unknown,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T> {
    try {
      const request = { method: 'POST', path: `${this.#git}/${place}`, body } as const;
      return await this.#http.json(request, schema, signal);
    } catch (error) {
      throw ofGit(error);
    }
  }
}

/** @throws AppError `git/unsupported` for what the API cannot be told */
function checkFiles(files: readonly ChangedFile[]): void {
  const odd = files.find(({ path }) => /\p{Surrogate}/u.test(path));
  if (odd !== undefined) {
    throw new AppError(
      'git/unsupported',
      'GitHub can sign no change of a file whose name is not UTF-8; rename it, or sign with a key (commit.signingKey)',
      { at: { path: odd.path } },
    );
  }
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (size <= MAX_CONTENT_BYTES) return;
  throw new AppError(
    'git/unsupported',
    `GitHub is to sign a change of ${files.length} files, which together are larger than ${MAX_CONTENT_BYTES / 1024 / 1024} MiB; make commits smaller by groupBy, or sign with a key (commit.signingKey)`,
  );
}

function unsigned(reason: string): AppError {
  if (FOR_NOW.has(reason)) {
    const text = `GitHub cannot sign commits for now (${reason}); nothing was pushed`;
    return new AppError('git/unreachable', text, { retry: true });
  }
  return new AppError(
    'git/rejected',
    `GitHub made the commit without a signature that it verifies (${reason}); nothing was pushed. A GitHub Enterprise Server signs once its administrator has turned on web commit signing`,
  );
}

/** Making a commit is a part of writing to the repo. */
const CODES: Partial<Record<ErrorCode, ErrorCode>> = {
  'forge/unauthorized': 'git/unauthorized',
  'forge/not-found': 'git/not-found',
  'forge/unreachable': 'git/unreachable',
  'forge/rate-limited': 'git/unreachable',
  'forge/rejected': 'git/rejected',
  'forge/bad-response': 'git/rejected',
};

function ofGit(error: unknown): unknown {
  const code = error instanceof AppError ? CODES[error.code] : undefined;
  if (!(error instanceof AppError) || code === undefined) return error;
  const { message, retry, afterMs } = error;
  return new AppError(code, message, {
    cause: error,
    retry,
    ...(afterMs === undefined ? {} : { afterMs }),
  });
}
