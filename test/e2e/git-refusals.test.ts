import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fault, GitHttpServer, LoggedRequest } from '../support/git/http-server.ts';
import { startGitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { deployment, imagePolicy } from './resources.ts';
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

    it('by a protected branch gets one line with what the server says', async () => {
      remote.hook(
        'pre-receive',
        '#!/bin/sh\necho "GH006: Protected branch update failed" >&2\nexit 1\n',
      );
      const { stderr, ...outcome } = await update('config.git');
      expect(outcome).toEqual(NOTHING_DONE);
      expect(stderr).toMatch(
        /^error: \S+config\.git protects main: let this login push to it \(pre-receive hook declined: GH006: Protected branch update failed\)\n$/,
      );
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
