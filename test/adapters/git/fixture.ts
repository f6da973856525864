import { join } from 'node:path';
import {
  GitBranches,
  type EngineChoice,
  type GitBranchesOptions,
} from '../../../src/adapters/git/open-branch.ts';
import type { FileContent, FileSource } from '../../../src/ports/files.ts';
import type { GitAccess, GitBranch } from '../../../src/ports/ports.ts';
import {
  startGitHttpServer,
  type GitHttpServer,
  type GitHttpServerOptions,
} from '../../support/git/http-server.ts';
import { noGitLogins } from '../../support/memory-ports.ts';
import { createRemote, GIT_TEST_ENV, scratch, type RemoteRepo } from '../../support/git/repo.ts';

/** Person and time of every commit that tests make through the port. */
export const BOT = { name: 'Lockkeeper', email: 'bot@example.com' } as const;
export const NOON = new Date('2026-11-20T12:00:00Z');

/** A signal that never fires. */
export const NEVER = new AbortController().signal;

/** A remote repo `config.git` behind a Git server, and branches of it. */
export interface Fixture {
  readonly folder: string;
  readonly storeRoot: string;
  readonly remote: RemoteRepo;
  readonly server: GitHttpServer;
  readonly branches: GitBranches;
  open(access?: Partial<GitAccess>): Promise<GitBranch>;
  close(): Promise<void>;
}

/** Starts a fixture for one engine. */
export async function startFixture(
  engine: EngineChoice,
  {
    way,
    env = {},
    logins = noGitLogins,
    ...options
  }: Omit<GitHttpServerOptions, 'root'> &
    Pick<Partial<GitBranchesOptions>, 'env' | 'way' | 'logins'> = {},
): Promise<Fixture> {
  const area = scratch();
  const folder = area.path;
  const remote = createRemote(join(folder, 'remotes', 'config.git'));
  const server = await startGitHttpServer({ root: join(folder, 'remotes'), ...options });
  const storeRoot = join(folder, 'stores');
  const branches = new GitBranches({
    storeRoot,
    engine,
    env: { ...GIT_TEST_ENV, ...env },
    ...(way && { way }),
    logins,
  });
  const opened: GitBranch[] = [];
  return {
    folder,
    storeRoot,
    remote,
    server,
    branches,
    open: async (access = {}) => {
      const branch = await branches.open(
        { url: server.url('config.git'), branch: 'main', ...access },
        NEVER,
      );
      opened.push(branch);
      return branch;
    },
    close: async () => {
      await Promise.all(opened.map((branch) => branch.close()));
      await server.close();
      area.remove();
    },
  };
}

/** All files of a source as text by path; files over the limit are `undefined`. */
export async function readAll(
  source: FileSource,
  maxBytes = 1 << 20,
): Promise<Record<string, string | undefined>> {
  const contents = await collect(source.read(await source.list(NEVER), maxBytes, NEVER));
  return Object.fromEntries(
    contents.map(({ entry, bytes }) => [
      entry.path,
      bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8'),
    ]),
  );
}

export async function collect(contents: AsyncIterable<FileContent>): Promise<FileContent[]> {
  const all: FileContent[] = [];
  for await (const content of contents) all.push(content);
  return all;
}

/** Writes text files on top of the branch's head and pushes. */
export async function commitAndPush(
  branch: GitBranch,
  files: Readonly<Record<string, string>>,
  message = 'Update\n',
): Promise<{ commit: string; result: Awaited<ReturnType<GitBranch['push']>> }> {
  const parent = await branch.head(NEVER);
  const commit = await commitOn(branch, parent, files, message);
  return { commit, result: await branch.push({ commit, parent }, NEVER) };
}

export async function commitOn(
  branch: GitBranch,
  parent: string,
  files: Readonly<Record<string, string>>,
  message = 'Update\n',
): Promise<string> {
  const writes = Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  return branch.commit({ parent, files: writes, message, author: BOT, time: NOON }, NEVER);
}
