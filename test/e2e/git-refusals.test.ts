import { chmodSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fault, GitHttpServer, LoggedRequest } from '../support/git/http-server.ts';
import { startGitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { startSshServer, type SshServer } from '../support/git/sshd.ts';
import { hasTool } from '../support/git/tools.ts';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

const LOGIN = { username: 'bot', password: 'let-me-in-4711' };
const LOGIN_ENV = {
  LOCKKEEPER_GIT_USERNAME: LOGIN.username,
  LOCKKEEPER_GIT_PASSWORD: LOGIN.password,
};

/** One line that names the repo. */
const ONE_LINE = /^error: [^\n]*http:\/\/127\.0\.0\.1:\d+\/[^\n]+\n$/;

/** Only the first commit is there. */
const NOTHING_DONE = { code: 1, stdout: '', commits: 'change' };

/** Words of forges, and what becomes of them. */
const REFUSED_BY_HOOKS = [
  {
    name: 'a protected branch',
    words: 'GH006: Protected branch update failed',
    says: 'protects main: let this login push to it',
  },
  {
    name: 'a quota that is used up',
    words: 'Your push has been rejected, because this repository has exceeded its size limit',
    says: 'has no room for the push: its quota is used up',
  },
  {
    name: 'an archived repo',
    words: 'This repository was archived so it is read-only.',
    says: 'is archived: take it out of the archive, or name another repo',
  },
] as const;

const isPush = ({ method, url }: LoggedRequest) =>
  method === 'POST' && url.endsWith('receive-pack');

describe.skipIf(!hasTool('git-http-backend')).each(['native', 'isomorphic'])(
  'a Git server that refuses (%s)',
  (engine) => {
    let stage: Stage;
    let remote: RemoteRepo;
    let server: GitHttpServer;
    let registry: TagServer;
    beforeAll(async () => {
      stage = openStage({ ...LOGIN_ENV });
      registry = await startTagServer({ web: ['1.0.0', '1.1.0'] });
      remote = createRemote(stage.path('remotes/config.git'));
      remote.commit({
        'web.yaml': deployment(`${registry.image('web')}:1.0.0`),
        'policy.yaml': imagePolicy({ image: registry.image('web') }),
      });
      server = await startGitHttpServer({ root: stage.path('remotes'), basic: LOGIN });
    });
    afterAll(async () => {
      await stage.close();
      await server.close();
      await registry.close();
    });
    afterEach(() => {
      server.inject(undefined);
      remote.hook('pre-receive', '#!/bin/sh\n');
    });

    /** Updates a repo of the server; what was said, and the commits that there are then. */
    async function update(
      repo: string,
      more: readonly string[] = [],
      env: Readonly<Record<string, string>> = {},
    ) {
      const args = ['update', '--repo', server.url(repo), '--git-engine', engine, ...more];
      const { code, stdout, stderr } = await stage.run(args, { env });
      return { code, stdout, stderr, commits: remote.git('log', '--format=%s', '--all') };
    }

    it.each<{ name: string; fault: (request: LoggedRequest) => Fault | undefined; says: RegExp }>([
      {
        name: 'writing, when it is to list refs for it',
        fault: ({ url }) =>
          url.includes('service=git-receive-pack') ? { kind: 'answer', status: 403 } : undefined,
        says: /config\.git does not let this login do that; grant it access \(.*403.*\)/,
      },
      {
        name: 'writing, when it is to take the commit',
        fault: (request) => (isPush(request) ? { kind: 'answer', status: 403 } : undefined),
        says: /config\.git does not let this login do that; grant it access \(.*403.*\)/,
      },
      {
        name: 'everything',
        fault: () => ({ kind: 'answer', status: 403 }),
        says: /config\.git does not let this login do that; grant it access \(.*403.*\)/,
      },
      {
        name: 'by failing',
        fault: () => ({ kind: 'answer', status: 500 }),
        says: /config\.git (cannot be reached|cannot serve the request) \(.*500.*\)/,
      },
      {
        name: 'by a login page',
        fault: () => ({
          kind: 'answer',
          status: 200,
          headers: { 'content-type': 'text/html' },
          body: '<html>\n<body>Log in</body>\n</html>\n',
        }),
        says: /Git server; check the address|is this a git repository/,
      },
      {
        name: 'by hanging up',
        fault: () => ({ kind: 'drop' }),
        says: /config\.git cannot be reached \(/,
      },
    ])('$name gets one line and keeps its branch', async ({ fault, says }) => {
      server.inject(fault);
      const { stderr, ...outcome } = await update('config.git');
      expect(outcome).toEqual(NOTHING_DONE);
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toMatch(says);
    });

    it.each(REFUSED_BY_HOOKS)('$name gets one line with what the server says', async (row) => {
      remote.hook('pre-receive', `#!/bin/sh\necho "${row.words}" >&2\nexit 1\n`);
      const { stderr, ...outcome } = await update('config.git');
      expect(outcome).toEqual(NOTHING_DONE);
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toContain(
        `config.git ${row.says} (pre-receive hook declined: ${row.words})\n`,
      );
    });

    it('a repo that takes no pushes gets one line', async () => {
      remote.git('config', 'http.receivepack', 'false');
      const { stderr, ...outcome } = await update('config.git');
      remote.git('config', 'http.receivepack', 'true');
      expect(outcome).toEqual(NOTHING_DONE);
      expect(stderr).toMatch(
        /^error: \S+config\.git does not let this login do that; grant it access \(.*403.*\)\n$/,
      );
    });

    it('an expired token gets one line, and is done with when it is renewed', async () => {
      const headers = { 'content-type': 'text/plain' };
      const body = 'Access Denied: The Personal Access Token used has expired.';
      server.inject(() => ({ kind: 'answer', status: 401, headers, body }));
      const { stderr, ...outcome } = await update('config.git');
      expect(outcome).toEqual(NOTHING_DONE);
      expect(stderr).toMatch(
        /^error: the login for \S+config\.git has expired; renew it \(.*used has expired\..*\)\n$/,
      );
      server.inject(undefined);
      expect(await update('config.git', ['--dry-run'])).toMatchObject({ code: 0 });
    });

    it('a wrong password gets one line without the password', async () => {
      const env = { LOCKKEEPER_GIT_PASSWORD: 'wrong-pa55' };
      const { stderr, ...outcome } = await update('config.git', [], env);
      expect(outcome).toEqual(NOTHING_DONE);
      expect(stderr).toMatch(
        /^error: \S+config\.git refused the login; check the credentials \(.*\)\n$/,
      );
      expect(stderr).not.toContain('wrong-pa55');
    });

    it.each([
      {
        name: 'a repo that is not there',
        repo: 'none.git',
        more: [],
        says: /^error: there is no Git repo at \S+none\.git \(/,
      },
      {
        name: 'a branch that is not there',
        repo: 'config.git',
        more: ['--branch', 'nope'],
        says: /^error: there is no branch nope at \S+config\.git\n$/,
      },
    ])('$name gets one line', async ({ repo, more, says }) => {
      const { stderr, ...outcome } = await update(repo, more);
      expect(outcome).toEqual(NOTHING_DONE);
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toMatch(says);
    });
  },
);

describe.skipIf(!hasTool('sshd') || !hasTool('git'))('a Git server over SSH that refuses', () => {
  let stage: Stage;
  let remote: RemoteRepo;
  let server: SshServer;
  let registry: TagServer;
  let repo: string;
  let where: string;
  beforeAll(async () => {
    stage = openStage();
    registry = await startTagServer({ web: ['1.0.0', '1.1.0'] });
    remote = createRemote(stage.path('remotes/config.git'));
    remote.commit({ 'web.yaml': deployment(`${registry.image('web')}:1.0.0`) });
    server = await startSshServer(stage.path('sshd'));
    repo = server.url(remote.path);
    where = repo.replace(/\/\/.*@/, '//');
    stage.write({
      'config/policy.yaml': imagePolicy({ image: registry.image('web') }),
      'config/automation.yaml': automation([`url: ${repo}`, 'secretRef: {name: deploy-key}']),
      'secrets/deploy-key/known_hosts': server.knownHosts,
      'secrets/deploy-key/identity': server.identity,
    });
  });
  afterAll(async () => {
    await stage.close();
    await server.close();
    await registry.close();
  });
  afterEach(() => {
    remote.hook('pre-receive', '#!/bin/sh\n');
    stage.write({
      'secrets/deploy-key/known_hosts': server.knownHosts,
      'secrets/deploy-key/identity': server.identity,
    });
  });

  async function update(secret: Readonly<Record<string, string>> = {}) {
    for (const [key, text] of Object.entries(secret))
      stage.write({ [`secrets/deploy-key/${key}`]: text });
    const args = ['update', '--repo', repo, '--policies', 'config', '--secrets', 'secrets'];
    const { code, stdout, stderr } = await stage.run(args);
    return { code, stdout, stderr, commits: remote.git('log', '--format=%s', '--all') };
  }

  it.each(REFUSED_BY_HOOKS)('$name gets one line with what the server says', async (row) => {
    remote.hook('pre-receive', `#!/bin/sh\necho "${row.words}" >&2\nexit 1\n`);
    const { stderr, ...outcome } = await update();
    expect(outcome).toEqual(NOTHING_DONE);
    expect(stderr).toBe(`error: ${where} ${row.says} (pre-receive hook declined: ${row.words})\n`);
  });

  it('writing to a deploy key that may only read gets one line', async () => {
    stage.write({
      'read-only': `#!/bin/sh
case "$SSH_ORIGINAL_COMMAND" in
git-receive-pack*)
  echo 'ERROR: The key you are authenticating with has been marked as read only.' >&2
  exit 1 ;;
esac
exec sh -c "$SSH_ORIGINAL_COMMAND"
`,
    });
    chmodSync(stage.path('read-only'), 0o755);
    const command = stage.path('read-only');
    const { stderr, ...outcome } = await update({
      identity: server.addKey({ name: 'reader', command }),
    });
    expect(outcome).toEqual(NOTHING_DONE);
    expect(stderr).toBe(
      `error: the deploy key for ${where} may only read; allow it to write (ERROR: The key you are authenticating with has been marked as read only.)\n`,
    );
  });

  it.each<{ name: string; secret: () => Record<string, string>; says: string }>([
    {
      name: 'a key that it does not know',
      secret: () => ({ identity: server.strangeKey('stranger') }),
      says: 'refused the login; check the credentials',
    },
    {
      name: 'a key that is locked',
      secret: () => ({ identity: server.addKey({ name: 'locked', passphrase: 'open sesame' }) }),
      says: 'is locked; give its passphrase as password in its Secret',
    },
    {
      name: 'an unknown host',
      secret: () => ({ known_hosts: '\n' }),
      says: 'is not known; add it to known_hosts',
    },
    {
      name: 'a changed host',
      secret: () => ({ known_hosts: server.wrongKnownHosts }),
      says: 'is not the one in known_hosts; make sure that it is the right server, and renew known_hosts',
    },
  ])('or is refused: $name gets one line', async ({ secret, says }) => {
    const { stderr, ...outcome } = await update(secret());
    expect(outcome).toEqual(NOTHING_DONE);
    expect(stderr).toMatch(/^error: [^\n]*ssh:\/\/127\.0\.0\.1:\d+\/[^\n]+\n$/);
    expect(stderr).toContain(says);
  });

  it('has lost nothing by all this: a controller goes on when the Secret is mended', async () => {
    stage.write({ 'secrets/deploy-key/identity': server.strangeKey('out-of-date') });
    const args = 'run --standalone --config config --secrets secrets --listen 127.0.0.1:0';
    const cli = stage.start(args.split(' '));
    await cli.waitFor('stderr', /refused the login; check the credentials/);
    expect(remote.git('log', '--format=%s', '--all')).toBe('change');
    stage.write({ 'secrets/deploy-key/identity': server.identity });
    await until('the update is there', () => remote.read('web.yaml').includes(':1.1.0 #'));
    cli.process.kill('SIGTERM');
    expect(await cli.ended).toMatchObject({ code: 0 });
    expect(remote.git('log', '--format=%s', '--all')).toBe('Update web to 1.1.0\nchange');
    remote.fsck();
  }, 60_000);
});
