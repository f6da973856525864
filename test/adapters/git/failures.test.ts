import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/domain/errors.ts';
import type { GitAccess, GitBranch } from '../../../src/ports/ports.ts';
import type { Fault, LoggedRequest } from '../../support/git/http-server.ts';
import { hasTool } from '../../support/git/tools.ts';
import { commitAndPush, commitOn, NEVER, readAll, startFixture, type Fixture } from './fixture.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');
const SECRET = 'hunter2-s3cret';
const LOGIN = { username: 'bot', password: SECRET };

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason as AppError,
  );
  if (error === undefined) throw new Error('it did not fail');
  expect(error.message).not.toContain('\n');
  expect(
    `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`,
  ).not.toContain(SECRET);
  return error;
}

describe.skipIf(!canRun).each(['native', 'isomorphic'] as const)(
  'trouble with a remote, by the %s engine',
  (engine) => {
    let fixture: Fixture;
    afterEach(() => fixture.close());

    async function branchWithOneFile(access: Partial<GitAccess> = {}): Promise<GitBranch> {
      fixture.remote.commit({ 'a.yaml': '1\n' });
      return fixture.open(access);
    }

    it.each([
      ['a wrong password', { basic: { ...LOGIN, password: 'wrong' } }],
      ['no login', {}],
      ['a wrong bearer token', { bearerToken: 'wrong' }],
    ])('says that %s was refused', async (_, access) => {
      fixture = await startFixture(engine, { basic: LOGIN });
      const branch = await branchWithOneFile(access);
      const error = await failureOf(branch.head(NEVER));
      expect(error.code).toBe('git/unauthorized');
      expect(error.retry).toBe(false);
      expect(error.message).toContain('/config.git');
    });

    it.each([
      ['basic credentials', { basic: LOGIN }],
      ['credentials in the address', {}],
      ['a bearer token', { bearerToken: 'tok-123' }],
    ])('reads and pushes with %s, sent from the first request on', async (name, access) => {
      fixture = await startFixture(engine, { basic: LOGIN, bearerToken: 'tok-123' });
      const url = fixture.server.url('config.git');
      const inUrl = name.includes('address')
        ? { url: url.replace('://', `://bot:${SECRET}@`) }
        : {};
      const branch = await branchWithOneFile({ ...access, ...inUrl });
      expect((await commitAndPush(branch, { 'a.yaml': '2\n' })).result.kind).toBe('pushed');
      expect(fixture.server.log.filter(({ status }) => status === 401)).toEqual([]);
    });

    it('trusts a given CA, besides the login', async () => {
      fixture = await startFixture(engine, { tls: true, basic: LOGIN });
      const branch = await branchWithOneFile({ ca: fixture.server.ca ?? '', basic: LOGIN });
      expect((await commitAndPush(branch, { 'a.yaml': '2\n' })).result.kind).toBe('pushed');
    });

    it('refuses a server whose certificate nobody vouches for', async () => {
      fixture = await startFixture(engine, { tls: true });
      const branch = await branchWithOneFile();
      const error = await failureOf(branch.head(NEVER));
      expect([error.code, error.retry]).toEqual(['git/unreachable', true]);
      expect(error.message).toContain('CA certificate');
    });

    it('says which branch is missing', async () => {
      fixture = await startFixture(engine);
      const branch = await branchWithOneFile({ branch: 'nope' });
      const error = await failureOf(branch.head(NEVER));
      expect(error.code).toBe('git/not-found');
      expect(error.message).toMatch(/branch nope/);
    });

    it('says that an empty repo has no such branch', async () => {
      fixture = await startFixture(engine);
      const branch = await fixture.open();
      expect((await failureOf(branch.head(NEVER))).code).toBe('git/not-found');
    });

    it('says that there is no such repo', async () => {
      fixture = await startFixture(engine);
      const branch = await fixture.open({ url: fixture.server.url('none.git') });
      expect((await failureOf(branch.head(NEVER))).code).toBe('git/not-found');
    });

    it('says that nothing listens there', async () => {
      fixture = await startFixture(engine);
      const branch = await fixture.open({ url: 'http://127.0.0.1:1/config.git' });
      const error = await failureOf(branch.head(NEVER));
      expect([error.code, error.retry]).toEqual(['git/unreachable', true]);
    });

    it('says that a commit is no longer there', async () => {
      fixture = await startFixture(engine);
      const branch = await branchWithOneFile();
      const gone = '1234567890123456789012345678901234567890';
      const error = await failureOf(branch.files(gone).list(NEVER));
      expect([error.code, error.retry]).toEqual(['git/not-found', true]);
    });

    const html = { 'content-type': 'text/html' };
    it.each<[string, Fault, string, boolean]>([
      [
        'a web page',
        { kind: 'answer', status: 200, headers: html, body: '<html>' },
        'git/not-found',
        false,
      ],
      [
        'a web page that claims to be Git',
        {
          kind: 'answer',
          status: 200,
          headers: { 'content-type': 'application/x-git-upload-pack-advertisement' },
          body: '<html>',
        },
        'git/not-found',
        false,
      ],
      [
        'a redirect',
        { kind: 'answer', status: 301, headers: { location: 'http://127.0.0.1:1/' } },
        'git/not-found',
        false,
      ],
      ['403', { kind: 'answer', status: 403, body: 'no' }, 'git/unauthorized', false],
      ['404', { kind: 'answer', status: 404, body: 'no' }, 'git/not-found', false],
      ['429', { kind: 'answer', status: 429, body: 'slow down' }, 'git/unreachable', true],
      [
        '500',
        { kind: 'answer', status: 500, headers: html, body: '<html>' },
        'git/unreachable',
        true,
      ],
      ['503', { kind: 'answer', status: 503, body: 'later' }, 'git/unreachable', true],
      ['a dropped connection', { kind: 'drop' }, 'git/unreachable', true],
      ['half an answer', { kind: 'cut', afterBytes: 10 }, 'git/unreachable', true],
    ])('reads %s for what it is', async (_, fault, code, retry) => {
      fixture = await startFixture(engine, { basic: LOGIN });
      const branch = await branchWithOneFile({ basic: LOGIN });
      fixture.server.inject(() => fault);
      const error = await failureOf(branch.head(NEVER));
      expect([error.code, error.retry]).toEqual([code, retry]);
    });

    it.each(['at first', 'later'])('says that a login page is no Git server, %s', async (when) => {
      fixture = await startFixture(engine);
      const branch = await branchWithOneFile();
      if (when === 'later') await branch.head(NEVER);
      const body = '<html><title>Sign in</title></html>';
      fixture.server.inject(() => ({ kind: 'answer', status: 200, headers: html, body }));
      const error = await failureOf(branch.head(NEVER));
      expect(error.message).toMatch(/ does not answer as a Git server; check the address$/);
    });

    // Git shows no headers to those who run it.
    it.runIf(engine === 'isomorphic').each([
      ['120', 120_000],
      // Nobody pauses us for years.
      ['999999999', 3_600_000],
      ['soon', undefined],
    ])('waits as long as the server asks for: %s', async (pause, afterMs) => {
      fixture = await startFixture(engine);
      const branch = await branchWithOneFile();
      const headers = { 'retry-after': pause };
      fixture.server.inject(() => ({ kind: 'answer', status: 503, headers }));
      expect(await failureOf(branch.head(NEVER))).toMatchObject({ retry: true, afterMs });
    });

    it('tells an expired login from a wrong one where the server does', async () => {
      fixture = await startFixture(engine, { basic: LOGIN });
      const branch = await branchWithOneFile({ basic: LOGIN });
      const plain = { 'content-type': 'text/plain' };
      const body = 'The provided token has expired.';
      fixture.server.inject(() => ({ kind: 'answer', status: 401, headers: plain, body }));
      const error = await failureOf(branch.head(NEVER));
      expect([error.code, error.retry]).toEqual(['git/unauthorized', false]);
      expect(error.message).toMatch(/^the login for \S+config\.git has expired; renew it \(.*\)$/);
    });

    it.each<Record<string, string>>([
      {
        'x-tfs-serviceerror':
          'Access%20Denied%3A%20The%20Personal%20Access%20Token%20used%20has%20expired.',
      },
      {
        'www-authenticate':
          'Bearer error="invalid_token", error_description="The access token expired"',
      },
    ])('finds it in headers, too: %j', async (headers) => {
      fixture = await startFixture(engine, { basic: LOGIN });
      const branch = await branchWithOneFile({ basic: LOGIN });
      fixture.server.inject(() => ({ kind: 'answer', status: 401, headers, body: '<html>' }));
      expect((await failureOf(branch.head(NEVER))).message).toMatch(/ has expired; renew it /);
    });

    it('does not take its login to where a redirect leads', async () => {
      fixture = await startFixture(engine, { basic: LOGIN });
      const elsewhere = await startFixture(engine);
      const branch = await branchWithOneFile({ basic: LOGIN });
      const location = `${elsewhere.server.url('config.git')}/info/refs?service=git-upload-pack`;
      fixture.server.inject(() => ({ kind: 'answer', status: 302, headers: { location } }));
      await failureOf(branch.head(NEVER));
      expect(elsewhere.server.log).toEqual([]);
      await elsewhere.close();
    });

    it('starts over after a fetch that was cut', async () => {
      fixture = await startFixture(engine);
      const branch = await branchWithOneFile();
      fixture.remote.commit({
        'big.yaml': Array.from({ length: 20_000 }, (_, i) => Math.sin(i)).join('\n'),
      });
      const head = await branch.head(NEVER);
      fixture.server.inject(({ method }) =>
        method === 'POST' ? { kind: 'cut', afterBytes: 50_000 } : undefined,
      );
      const error = await failureOf(branch.files(head).list(NEVER));
      expect([error.code, error.retry]).toEqual(['git/unreachable', true]);
      fixture.server.inject(undefined);
      expect(Object.keys(await readAll(branch.files(head)))).toEqual(['a.yaml', 'big.yaml']);
    });

    describe('pushing', () => {
      const isPush = ({ url }: LoggedRequest): boolean => url.includes('git-receive-pack');

      async function pushOne(branch: GitBranch): Promise<AppError> {
        return failureOf(commitAndPush(branch, { 'a.yaml': '2\n' }));
      }

      it('passes on what a hook says about a protected branch', async () => {
        fixture = await startFixture(engine);
        const branch = await branchWithOneFile();
        const before = fixture.remote.head();
        fixture.remote.hook(
          'pre-receive',
          '#!/bin/sh\necho "GL-HOOK-ERR: main is protected" >&2\nexit 1\n',
        );
        const error = await pushOne(branch);
        expect(error.code).toBe('git/protected');
        expect(error.message).toContain('main is protected');
        expect(fixture.remote.head()).toBe(before);
      });

      it('takes a refusal by the update hook for final', async () => {
        fixture = await startFixture(engine);
        const branch = await branchWithOneFile();
        fixture.remote.hook('update', '#!/bin/sh\nexit 1\n');
        expect((await pushOne(branch)).code).toBe('git/rejected');
      });

      it.each<[string, Fault, string]>([
        [
          'no write access',
          { kind: 'answer', status: 403, body: 'Write access to repository not granted.' },
          'git/unauthorized',
        ],
        ['an expired login', { kind: 'answer', status: 401, body: 'who?' }, 'git/unauthorized'],
        ['a repo that hides itself', { kind: 'answer', status: 404 }, 'git/not-found'],
        ['a dropped connection', { kind: 'drop' }, 'git/unreachable'],
      ])('tells %s apart', async (_, fault, code) => {
        fixture = await startFixture(engine, { basic: LOGIN });
        const branch = await branchWithOneFile({ basic: LOGIN });
        fixture.server.inject((request) => (isPush(request) ? fault : undefined));
        expect((await pushOne(branch)).code).toBe(code);
      });

      it('calls a branch that moves while the push is under way rejected, not broken', async () => {
        fixture = await startFixture(engine);
        const branch = await branchWithOneFile();
        const parent = await branch.head(NEVER);
        const commit = await commitOn(branch, parent, { 'a.yaml': '2\n' });
        let human = '';
        fixture.server.inject((request) => {
          // Between the listing and the update: only the server can notice.
          if (request.method === 'POST' && isPush(request))
            human = fixture.remote.commit({ h: '1' });
          return undefined;
        });
        expect((await branch.push({ commit, parent }, NEVER)).kind).toBe('rejected');
        expect(fixture.remote.head()).toBe(human);
      });

      it('finds a locked ref rejected, since another writer holds it', async () => {
        fixture = await startFixture(engine);
        const branch = await branchWithOneFile();
        fixture.remote.hook(
          'pre-receive',
          `#!/bin/sh\ntouch "${fixture.remote.path}/refs/heads/main.lock"\n`,
        );
        expect((await commitAndPush(branch, { 'a.yaml': '2\n' })).result.kind).toBe('rejected');
      });
    });

    it('stops soon after it is cancelled', async () => {
      fixture = await startFixture(engine);
      const branch = await branchWithOneFile();
      fixture.server.inject(() => ({ kind: 'slow', ms: 20_000 }));
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 100);
      const start = Date.now();
      expect((await failureOf(branch.head(controller.signal))).code).toBe('cancelled');
      expect(Date.now() - start).toBeLessThan(5000);
    });
  },
);

describe.skipIf(!canRun)('the login, by the native engine', () => {
  it('never stands among the arguments of a process', async () => {
    const fixture = await startFixture('native', { basic: LOGIN });
    fixture.remote.commit({ 'a.yaml': '1\n' });
    const branch = await fixture.open({ basic: LOGIN });
    const encoded = Buffer.from(`bot:${SECRET}`).toString('base64');
    let seen = '';
    fixture.server.inject(() => {
      seen += spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout;
      return undefined;
    });
    await commitAndPush(branch, { 'a.yaml': '2\n' });
    expect(seen).toMatch(/git.* ls-remote/);
    expect(seen).toMatch(/git.* push/);
    expect(seen).not.toContain(SECRET);
    expect(seen).not.toContain(encoded);
    await fixture.close();
  });
});
