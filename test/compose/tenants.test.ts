import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compose } from '../../src/compose/ports.ts';
import { checkTenantRepo, tenantEnvironment } from '../../src/compose/tenants.ts';
import { readConfig } from '../../src/config.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, scratch, type Scratch } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';

const NEVER = new AbortController().signal;
const basic = { username: 'controller', password: 'of-its-own' };
const ssh = { identity: 'a key', knownHosts: 'a host' };

describe('the repo of a tenant', () => {
  it.each([
    { url: 'https://git.example.com/a.git' },
    { url: 'http://git.example.com/a.git' },
    { url: 'ssh://git@git.example.com/a.git', ssh },
    { url: 'git@git.example.com:a.git', ssh },
  ])('may be $url', (access) => {
    expect(() => checkTenantRepo({ ...access, branch: 'main' })).not.toThrow();
  });

  it.each([
    '/var/cache/lockkeeper/git/x',
    'file:///var/cache/lockkeeper/git/x',
    '../git/x',
    'a@b@c:/../../../var/cache/lockkeeper/git/x',
    'ssh:x://y',
  ])('is not on this disk: %s', (url) => {
    expect(() => checkTenantRepo({ url, ssh, branch: 'main' })).toThrow(/^spec\.git\.url: /);
  });

  it.each(['ssh://git@git.example.com/a.git', 'git@git.example.com:a.git'])(
    'is not reached with the keys of the controller: %s',
    (url) => {
      const access = { url, branch: 'main', basic };
      expect(() => checkTenantRepo(access)).toThrow(/identity and known_hosts/);
    },
  );
});

describe('the environment of a tenant’s Git', () => {
  it('has the way out and nothing that logs in', () => {
    const env = {
      PATH: '/usr/bin',
      // Git is told of the process's proxy besides.
      HTTPS_PROXY: 'http://proxy:3128',
      HOME: '/home/node',
      XDG_CONFIG_HOME: '/home/node/.config',
      SSH_AUTH_SOCK: '/tmp/agent',
      GIT_SSH_COMMAND: 'ssh -i /keys/own',
      LOCKKEEPER_GIT_PASSWORD: 'of-its-own',
      LOCKKEEPER_SECRET_X_PASSWORD: 'too',
    };
    expect(tenantEnvironment(env)).toEqual({
      PATH: '/usr/bin',
      HOME: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
    });
  });
});

describe.skipIf(!hasTool('git-http-backend'))('a login of the controller’s own', () => {
  let area: Scratch;
  let server: GitHttpServer;
  let url: string;
  beforeEach(async () => {
    area = scratch();
    createRemote(join(area.path, 'remotes/config.git')).commit({ 'a.yaml': '1\n' });
    server = await startGitHttpServer({ root: join(area.path, 'remotes'), basic });
    url = server.url('config.git');
    mkdirSync(join(area.path, 'home'));
  });
  afterEach(async () => {
    await server.close();
    area.remove();
  });

  /** The head of the branch, with the given file in the controller's home. */
  async function head(file: string, content: string, forTenants: boolean): Promise<string> {
    const HOME = join(area.path, 'home');
    writeFileSync(join(HOME, file), content, { mode: 0o600 });
    const env = { PATH: process.env['PATH'], HOME, LOCKKEEPER_CACHE_DIR: join(area.path, 'cache') };
    const ports = await compose(readConfig(env), { forTenants });
    const branch = await ports.open.branch({ url, branch: 'main' }, NEVER);
    try {
      return await branch.head(NEVER);
    } finally {
      await branch.close();
      await ports.close();
    }
  }

  const files: [string, () => string][] = [
    ['.netrc', () => `machine 127.0.0.1 login ${basic.username} password ${basic.password}\n`],
    [
      '.gitconfig',
      () =>
        `[credential]\n  helper = "!f() { echo username=${basic.username}; echo password=${basic.password}; }; f"\n`,
    ],
  ];

  it.each(files)('in %s serves its own repos, and no tenant’s', async (file, content) => {
    expect(await head(file, content(), false)).toMatch(/^[0-9a-f]{40}$/);
    await expect(head(file, content(), true)).rejects.toMatchObject({ code: 'git/unauthorized' });
  });
});
