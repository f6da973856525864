import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { startServerProcess } from '../kubernetes/server-process.ts';
import { findGitea } from './availability.ts';

const PASSWORD = 'correct-horse-7';
const START_WITHIN_MS = 90_000;

/** A real Gitea with one administrator. */
export interface GiteaServer {
  readonly url: string;
  readonly user: string;
  /** Lets its bearer do everything that the user may. */
  readonly token: string;
  /** Calls the API as a person would. @throws Error for any status but 2xx */
  api(method: string, path: string, body?: unknown, user?: string): Promise<unknown>;
  /** Adds a person with the same password as everybody. */
  addUser(name: string): Promise<void>;
  /** Makes a repo with a first commit of these files on `main`. @returns the address for Git */
  addRepo(name: string, files: Readonly<Record<string, string>>): Promise<string>;
  stop(): Promise<void>;
}

/** Starts one in a folder of its own; its database is SQLite. */
export async function startGitea(): Promise<GiteaServer> {
  const program = findGitea();
  if (program === undefined) throw new Error('there is no Gitea');
  const folder = mkdtempSync(join(tmpdir(), 'gitea-test-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = join(folder, 'app.ini');
  writeFileSync(config, settings({ folder, port, url, assets: dirname(program) }));
  const run = (...args: readonly string[]) =>
    execFileSync(program, ['--config', config, '--work-path', folder, ...args], {
      env: { PATH: process.env['PATH'], HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  run('migrate');
  const user = 'lockkeeper-bot';
  const account = ['--username', user, '--password', PASSWORD, '--email', 'bot@example.com'];
  run('admin', 'user', 'create', '--admin', '--must-change-password=false', ...account);
  const server = await startServerProcess(
    program,
    ['--config', config, '--work-path', folder, 'web'],
    folder,
  );

  async function api(method: string, path: string, body?: unknown, who = user): Promise<unknown> {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${who}:${PASSWORD}`).toString('base64')}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  const started = Date.now();
  while (
    !(await fetch(`${url}/api/v1/version`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (server.ended || Date.now() - started > START_WITHIN_MS)
      throw new Error(`Gitea does not start:\n${server.log()}`);
    await delay(100);
  }
  const made = await api('POST', `/users/${user}/tokens`, { name: 'tests', scopes: ['all'] });
  return {
    url,
    user,
    token: (made as { sha1: string }).sha1,
    api,
    addUser: async (name) => {
      const person = { username: name, password: PASSWORD, email: `${name}@example.com` };
      await api('POST', '/admin/users', { ...person, must_change_password: false });
    },
    addRepo: async (name, files) => {
      await api('POST', '/user/repos', { name, default_branch: 'main', auto_init: true });
      const changes = Object.entries(files).map(([path, text]) => ({
        operation: 'create',
        path,
        content: Buffer.from(text).toString('base64'),
      }));
      const commit = { branch: 'main', message: 'First', files: changes };
      await api('POST', `/repos/${user}/${name}/contents`, commit);
      return `${url}/${user}/${name}.git`;
    },
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
}

/** What is not needed is off; templates and texts lie beside the program. */
function settings(at: { folder: string; port: number; url: string; assets: string }): string {
  return `
RUN_MODE = prod
RUN_USER = ${process.env['USER'] ?? 'root'}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = ${at.folder}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${at.port}
ROOT_URL = ${at.url}/
STATIC_ROOT_PATH = ${at.assets}
DISABLE_SSH = true
OFFLINE_MODE = true
LFS_START_SERVER = false
[database]
DB_TYPE = sqlite3
PATH = ${at.folder}/gitea.db
[security]
INSTALL_LOCK = true
SECRET_KEY = for-tests-only
PASSWORD_HASH_ALGO = pbkdf2_v2
[log]
LEVEL = warn
[mailer]
ENABLED = false
[actions]
ENABLED = false
[packages]
ENABLED = false
[cron]
ENABLED = false
[cron.update_checker]
ENABLED = false
[repository]
DEFAULT_BRANCH = main
[indexer]
REPO_INDEXER_ENABLED = false
ISSUE_INDEXER_TYPE = db
[other]
SHOW_FOOTER_VERSION = false
`;
}
