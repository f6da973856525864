import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Environment of every `git` that tests start themselves: no user or system settings, fixed identity. */
export const GIT_TEST_ENV: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Human',
  GIT_AUTHOR_EMAIL: 'human@example.com',
  GIT_COMMITTER_NAME: 'Human',
  GIT_COMMITTER_EMAIL: 'human@example.com',
};

/** Runs `git` and returns its output without the last line end. Throws with stderr on failure. */
export function git(cwd: string, args: readonly string[], input?: string | Uint8Array): string {
  const out = execFileSync('git', args, {
    cwd,
    env: GIT_TEST_ENV,
    input: input ?? '',
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return out.toString('utf8').replace(/\n$/, '');
}

/** A scratch folder and its removal. */
export interface Scratch {
  readonly path: string;
  remove(): void;
}

/** Makes a scratch folder below the system's temporary folder. */
export function scratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'git-test-'));
  return {
    path,
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}

/** One file of a test commit; `null` removes it. */
export type TestFile =
  | string
  | Uint8Array
  | null
  | { readonly executable: string }
  | { readonly symlink: string }
  | { readonly submodule: string };

/** What a test commits, by path. */
export type TestFiles = Readonly<Record<string, TestFile>>;

/** How a test commits. */
export interface CommitOptions {
  readonly branch?: string;
  readonly message?: string;
  /** What the commit says of its time; default: now. */
  readonly time?: Date;
}

/** A bare repo that serves as a remote, with its shortcuts. */
export interface RemoteRepo {
  /** The bare repo's folder. */
  readonly path: string;
  /** Commits as a human would, without a work tree. @returns the commit id */
  commit(files: TestFiles, options?: CommitOptions): string;
  /** Runs `git` in the bare repo. */
  git(...args: string[]): string;
  /** Id of a branch's commit. */
  head(branch?: string): string;
  /** Content of a file at the branch's commit. */
  read(path: string, branch?: string): string;
  /** Installs an executable hook. */
  hook(name: string, script: string): void;
  /** Throws unless every object is sound. */
  fsck(): void;
}

/** Makes a bare remote at `path` (`…/name.git`) that accepts pushes, empty until the first commit. */
export function createRemote(path: string): RemoteRepo {
  mkdirSync(path, { recursive: true });
  git(path, ['init', '--quiet', '--bare', '--initial-branch=main', '--template=', '.']);
  git(path, ['config', 'http.receivepack', 'true']);
  return {
    path,
    commit: (files, options = {}) => commitFiles(path, files, options),
    git: (...args) => git(path, args),
    head: (branch = 'main') => git(path, ['rev-parse', `refs/heads/${branch}`]),
    read: (file, branch = 'main') =>
      execFileSync('git', ['cat-file', 'blob', `refs/heads/${branch}:${file}`], {
        cwd: path,
        env: GIT_TEST_ENV,
        maxBuffer: 1 << 28,
      }).toString('utf8'),
    hook: (name, script) => {
      const file = join(path, 'hooks', name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, script);
      chmodSync(file, 0o755);
    },
    fsck: () => void git(path, ['fsck', '--strict', '--full', '--no-dangling']),
  };
}

function commitFiles(
  path: string,
  files: TestFiles,
  { branch = 'main', message = 'change', time }: CommitOptions,
): string {
  const ref = `refs/heads/${branch}`;
  const parent = git(path, ['for-each-ref', '--format=%(objectname)', ref]);
  const parts: (string | Uint8Array)[] = [
    `commit ${ref}\n`,
    `committer Human <human@example.com> ${time === undefined ? 'now' : `${Math.floor(time.getTime() / 1_000)} +0000`}\n`,
    `data ${Buffer.byteLength(message)}\n${message}\n`,
    ...(parent === '' ? [] : [`from ${parent}\n`]),
  ];
  for (const [file, content] of Object.entries(files)) parts.push(...fileCommands(file, content));
  const stream = Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));
  const format = time === undefined ? 'now' : 'raw';
  git(path, ['fast-import', '--quiet', `--date-format=${format}`], stream);
  return git(path, ['rev-parse', ref]);
}

function fileCommands(path: string, content: TestFile): (string | Uint8Array)[] {
  const name = `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  if (content === null) return [`D ${name}\n`];
  if (typeof content === 'object' && 'submodule' in content) {
    return [`M 160000 ${content.submodule} ${name}\n`];
  }
  const [mode, bytes] = modeAndBytes(content);
  return [`M ${mode} inline ${name}\ndata ${bytes.length}\n`, bytes, '\n'];
}

function modeAndBytes(
  content: Exclude<TestFile, null | { readonly submodule: string }>,
): [string, Uint8Array] {
  if (typeof content === 'string') return ['100644', Buffer.from(content)];
  if (content instanceof Uint8Array) return ['100644', content];
  if ('executable' in content) return ['100755', Buffer.from(content.executable)];
  return ['120000', Buffer.from(content.symlink)];
}
