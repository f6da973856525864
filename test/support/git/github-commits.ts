import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Reply } from './http-server.ts';
import { GIT_TEST_ENV } from './repo.ts';
import type { TestKey } from './signing-keys.ts';

/** How the imitation of GitHub makes commits. */
export interface CommitMaker {
  /** GitHub's own; undefined: it signs nothing, as a server without web commit signing. */
  key: TestKey | undefined;
  /** What it does to a content before it writes it. */
  alter: (content: string) => string;
  /** What it was asked to make, as JSON. */
  readonly asked: unknown[];
}

/** Who commits in GitHub's name, and the bot of the imitation's one App. */
const GITHUB = 'GitHub <noreply@github.com>';
const BOT = 'lockkeeper[bot] <77+lockkeeper[bot]@users.noreply.github.com>';

interface Entry {
  readonly path: string;
  readonly mode: string;
  readonly type: string;
  readonly content: string;
}

interface AskedTree {
  readonly base_tree: string;
  readonly tree: readonly Entry[];
}

interface AskedCommit {
  readonly message: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author?: unknown;
  readonly committer?: unknown;
}

/** Answers `POST …/git/trees` and `POST …/git/commits` by real objects in the bare repo. */
export function answerGitObjects(
  repo: string,
  maker: CommitMaker,
  place: string,
  body: Buffer,
): Reply {
  const asked = JSON.parse(body.toString('utf8')) as AskedTree & AskedCommit;
  maker.asked.push(asked);
  const headers = { 'content-type': 'application/json' };
  try {
    const answer =
      place === 'trees' ? makeTree(repo, maker, asked) : makeCommit(repo, maker, asked);
    return { status: 201, headers, body: JSON.stringify(answer) };
  } catch (error) {
    const { message } = error as Error;
    return { status: 422, headers, body: JSON.stringify({ message }) };
  }
}

function makeTree(repo: string, { alter }: CommitMaker, asked: AskedTree) {
  const index = join(repo, `index-${randomUUID()}`);
  try {
    git(repo, ['read-tree', asked.base_tree], { env: { GIT_INDEX_FILE: index } });
    for (const { path, mode, content } of asked.tree) {
      if (!/^100(644|755)$/.test(mode)) throw new Error('tree.mode is not valid');
      const blob = git(repo, ['hash-object', '-w', '--stdin'], { input: alter(content) });
      const args = ['update-index', '--add', '--cacheinfo', `${mode},${blob},${path}`];
      git(repo, args, { env: { GIT_INDEX_FILE: index } });
    }
    return { sha: git(repo, ['write-tree'], { env: { GIT_INDEX_FILE: index } }), truncated: false };
  } finally {
    rmSync(index, { force: true });
  }
}

function makeCommit(repo: string, { key }: CommitMaker, asked: AskedCommit) {
  const { tree, parents, message, author, committer } = asked;
  for (const id of [tree, ...parents]) git(repo, ['cat-file', '-e', id]);
  const time = `${Math.floor(Date.now() / 1000)} +0000`;
  const head = [
    `tree ${tree}`,
    ...parents.map((id) => `parent ${id}`),
    `author ${BOT} ${time}`,
    `committer ${GITHUB} ${time}`,
  ].join('\n');
  const payload = `${head}\n\n${message}`;
  // With a name of their own for author or committer, GitHub vouches for nothing.
  const isOwn = author === undefined && committer === undefined;
  const signature = key === undefined || !isOwn ? undefined : sign(payload, key);
  const header = signature === undefined ? '' : `gpgsig ${signature.split('\n').join('\n ')}\n`;
  const content = `${head}\n${header}\n${message}`;
  return {
    sha: git(repo, ['hash-object', '-t', 'commit', '-w', '--stdin'], { input: content }),
    tree: { sha: tree },
    parents: parents.map((sha) => ({ sha })),
    message,
    verification:
      signature === undefined
        ? { verified: false, reason: 'unsigned', signature: null, payload: null }
        : { verified: true, reason: 'valid', signature, payload },
  };
}

/** What a person commits in the browser: GitHub is the committer then, too, and the person is the author. */
export function commitInBrowser(
  repo: string,
  { branch, path, text, message }: Readonly<Record<'branch' | 'path' | 'text' | 'message', string>>,
): string {
  const parent = git(repo, ['rev-parse', `refs/heads/${branch}`]);
  const maker: CommitMaker = { key: undefined, alter: (content) => content, asked: [] };
  const [mode = ''] = git(repo, ['ls-tree', parent, path]).split(' ');
  const entry = { path, mode, type: 'blob', content: text };
  const { sha: tree } = makeTree(repo, maker, { base_tree: parent, tree: [entry] });
  const commit = git(repo, ['commit-tree', tree, '-p', parent, '-m', message], {
    env: {
      GIT_AUTHOR_NAME: 'Ana',
      GIT_AUTHOR_EMAIL: '5+ana@users.noreply.github.com',
      GIT_COMMITTER_NAME: 'GitHub',
      GIT_COMMITTER_EMAIL: 'noreply@github.com',
    },
  });
  git(repo, ['update-ref', `refs/heads/${branch}`, commit, parent]);
  return commit;
}

/** The `gpg` program's signature, which ends in a line end, as GitHub's do. */
function sign(payload: string, { verifyEnv }: TestKey): string {
  const args = ['--batch', '--armor', '--detach-sign'];
  const env = { ...GIT_TEST_ENV, ...verifyEnv };
  return execFileSync('gpg', args, { input: payload, env, stdio: 'pipe' }).toString('utf8');
}

function git(
  cwd: string,
  args: readonly string[],
  { input = '', env = {} }: { input?: string; env?: Readonly<Record<string, string>> } = {},
): string {
  const options = { cwd, input, env: { ...GIT_TEST_ENV, ...env }, stdio: 'pipe' } as const;
  return execFileSync('git', args, options).toString('utf8').trim();
}
