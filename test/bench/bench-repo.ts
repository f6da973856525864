import { join } from 'node:path';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, git, type RemoteRepo } from '../support/git/repo.ts';
import { changedFile, sampleFiles } from './sample-files.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** A remote repo of some size behind `git http-backend`, and the registry of its images. */
export interface BenchRepo {
  readonly url: string;
  readonly remote: RemoteRepo;
  readonly registry: TagServer;
  /** Takes back all that was pushed and released since the start. */
  startAgain(): void;
  /** People push so many commits, in one go. */
  changeByPeople(count: number): void;
  /** What the Git server did since it was last asked. */
  traffic(): Traffic;
  close(): Promise<void>;
}

/** Requests and body bytes, as the Git server saw them. */
export interface Traffic {
  readonly requests: number;
  readonly bytes: number;
}

/** How large a repo is. */
export interface BenchRepoSize {
  readonly files: number;
  /** Commits by people, each of three files. */
  readonly commits: number;
}

/** Starts the servers and fills the repo; it is packed, and may be fetched in part, as at a forge. */
export async function startBenchRepo(
  folder: string,
  { files: size, commits }: BenchRepoSize,
): Promise<BenchRepo> {
  const registry = await startTagServer();
  const name = `config-${size}.git`;
  const remote = createRemote(join(folder, name));
  remote.git('config', 'uploadpack.allowFilter', 'true');
  const files = sampleFiles(size, registry.host);
  const end = now();
  const all = commit(end - 60 * commits, 'everything', files);
  fastImport(remote, [all, ...changes(files, { count: commits, end })]);
  remote.git('repack', '-adq');
  const start = remote.head();
  const server: GitHttpServer = await startGitHttpServer({ root: folder });
  return {
    url: server.url(name),
    remote,
    registry,
    startAgain: () => {
      registry.reset();
      remote.git('update-ref', 'refs/heads/main', start);
    },
    changeByPeople: (count) => {
      // Goes on from what is there, where otherwise a new history would begin.
      fastImport(remote, [
        'reset refs/heads/main\nfrom refs/heads/main^0\n',
        ...changes(files, { count, end: now() }),
      ]);
    },
    traffic: () => {
      const seen = server.log.splice(0);
      const bytes = seen.reduce((sum, { received, sent }) => sum + received + sent, 0);
      return { requests: seen.length, bytes };
    },
    close: async () => {
      registry.close();
      await server.close();
    },
  };
}

/** Commits by people, each of three files and a minute after the one before, the last of them at `end`. */
function changes(
  files: Readonly<Record<string, string>>,
  { count, end }: { readonly count: number; readonly end: number },
): string[] {
  const paths = Object.keys(files).filter((path) => path.includes('/app-'));
  return Array.from({ length: count }, (_, index) => {
    const contents = [0, 1, 2].map((nth) => {
      const path = paths[(index * 7_919 + nth * 104_729) % paths.length] ?? '';
      return [path, changedFile(files[path] ?? '', index + 1)];
    });
    const seconds = end - 60 * (count - 1 - index);
    return commit(seconds, `change ${index}`, Object.fromEntries(contents));
  });
}

/** A commit as `git fast-import` takes it. */
function commit(seconds: number, message: string, files: Readonly<Record<string, string>>): string {
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const contents = Object.entries(files).map(
    ([path, text]) => `M 100644 inline ${path}\n${data(text)}`,
  );
  const by = `committer Human <human@example.com> ${seconds} +0000\n`;
  return `commit refs/heads/main\n${by}${data(message)}${contents.join('')}`;
}

function fastImport(remote: RemoteRepo, commits: readonly string[]): void {
  git(remote.path, ['fast-import', '--quiet', '--date-format=raw'], commits.join(''));
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}
