import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import type { GitLogin, GitLogins } from '../../../src/ports/git-login.ts';
import type { GitBranch } from '../../../src/ports/ports.ts';
import { hasTool } from '../../support/git/tools.ts';
import {
  collect,
  commitAndPush,
  commitOn,
  NEVER,
  readAll,
  startFixture,
  type Fixture,
} from './fixture.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');
const provider = { provider: 'azure', resource: 'planted' } as const;

/** A provider whose logins are good until they are taken back. */
class Logins implements GitLogins {
  /** What the server takes. */
  good = '';
  readonly #issued: GitLogin[] = [];
  /** Does it give out logins that the server does not take? */
  isUseless = false;

  async login(_request: unknown, _signal: unknown, refused?: GitLogin): Promise<GitLogin> {
    const newest = this.#issued.at(-1);
    if (newest !== undefined && newest !== refused) return newest;
    const bearerToken = `planted-${this.#issued.length}`;
    if (!this.isUseless) this.good = bearerToken;
    const login = { bearerToken };
    this.#issued.push(login);
    return login;
  }

  get count(): number {
    return this.#issued.length;
  }

  takeBack(): void {
    this.good = 'none';
  }
}

describe.skipIf(!canRun).each(['native', 'isomorphic'] as const)(
  'a login that ends, by the %s engine',
  (engine) => {
    let fixture: Fixture;
    afterEach(() => fixture.close());

    async function open(logins: GitLogins & { readonly good?: string }): Promise<GitBranch> {
      fixture = await startFixture(engine, { logins });
      fixture.server.inject(({ authorization }) =>
        authorization === `Bearer ${logins.good}`
          ? undefined
          : { kind: 'answer', status: 401, headers: { 'www-authenticate': 'Basic realm="git"' } },
      );
      fixture.remote.commit({ 'a.yaml': '1\n', 'b.yaml': '1\n' });
      return fixture.open({ provider });
    }

    it('is asked for when the remote is contacted, and kept as long as it is good', async () => {
      const logins = new Logins();
      const branch = await open(logins);
      expect(logins.count).toBe(0);
      await readAll(branch.files(await branch.head(NEVER)));
      expect((await commitAndPush(branch, { 'a.yaml': '2\n' })).result.kind).toBe('pushed');
      expect(logins.count).toBe(1);
      expect(fixture.server.log.filter(({ status }) => status === 401)).toEqual([]);
    });

    it('is renewed at every step at which it is refused, and nothing is lost', async () => {
      const logins = new Logins();
      const branch = await open(logins);
      const head = await branch.head(NEVER);
      logins.takeBack();
      expect(await readAll(branch.files(head))).toEqual({ 'a.yaml': '1\n', 'b.yaml': '1\n' });
      logins.takeBack();
      const commit = await commitOn(branch, head, { 'a.yaml': '2\n' });
      expect(await branch.push({ commit, parent: head }, NEVER)).toEqual({ kind: 'pushed' });
      logins.takeBack();
      expect(await branch.head(NEVER)).toBe(commit);
      expect(logins.count).toBe(4);
      expect(fixture.remote.git('rev-list', '--count', 'main').trim()).toBe('2');
    });

    it('is renewed when it is refused between folders and files', async () => {
      const logins = new Logins();
      const branch = await open(logins);
      fixture.remote.git('config', 'uploadpack.allowFilter', 'true');
      const source = branch.files(await branch.head(NEVER));
      const [first] = await source.list(NEVER);
      logins.takeBack();
      const read = await collect(source.read(first === undefined ? [] : [first], 100, NEVER));
      expect(read.map(({ bytes }) => bytes?.length)).toEqual([2]);
      expect(logins.count).toBe(2);
    });

    it('is asked for anew once, and then the refusal is told', async () => {
      const logins = new Logins();
      logins.isUseless = true;
      const branch = await open(logins);
      await expect(branch.head(NEVER)).rejects.toMatchObject({
        code: 'git/unauthorized',
        message: expect.stringMatching(
          /^(?!.*planted).*; the login is that of this process's identity at azure: see that it may reach the repo$/,
        ) as string,
      });
      expect(logins.count).toBe(2);
    });

    it('that does not let a repo be seen is told with the repo that is not there', async () => {
      const logins = new Logins();
      const branch = await open(logins);
      fixture.server.inject(() => ({ kind: 'answer', status: 404 }));
      await expect(branch.head(NEVER)).rejects.toMatchObject({
        code: 'git/not-found',
        message: expect.stringMatching(
          /^there is no Git repo at .*; the login is that of this process's identity/,
        ) as string,
      });
      expect(logins.count).toBe(1);
    });

    it('that cannot be had is told as its provider says it', async () => {
      const refusal = new AppError('git/unauthorized', 'suspended');
      const branch = await open({ login: () => Promise.reject(refusal) });
      await expect(branch.head(NEVER)).rejects.toBe(refusal);
      expect(fixture.server.log).toEqual([]);
    });

    it('is not asked for anew when something else goes wrong', async () => {
      const logins = new Logins();
      const branch = await open(logins);
      fixture.server.inject(() => ({ kind: 'answer', status: 503 }));
      await expect(branch.head(NEVER)).rejects.toMatchObject({ code: 'git/unreachable' });
      expect(logins.count).toBe(1);
    });

    it('stands in no file of the store', async () => {
      const branch = await open(new Logins());
      await readAll(branch.files(await branch.head(NEVER)));
      const grep = spawnSync('grep', ['-r', 'planted', fixture.storeRoot], { encoding: 'utf8' });
      expect(grep.stdout).toBe('');
    });
  },
);
