import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoggedCommit } from '../../../src/ports/history.ts';
import type { GitBranch } from '../../../src/ports/ports.ts';
import { git, GIT_TEST_ENV } from '../../support/git/repo.ts';
import { hasTool } from '../../support/git/tools.ts';
import { commitAndPush, NEVER, readAll, startFixture, type Fixture } from './fixture.ts';
import { startOldServer } from './old-server.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');

async function take(branch: GitBranch, from: string, maxCommits: number): Promise<LoggedCommit[]> {
  const all: LoggedCommit[] = [];
  for await (const commit of branch.log(from, maxCommits, NEVER)) all.push(commit);
  return all;
}

describe.skipIf(!canRun).each([
  { engine: 'native', filters: false },
  { engine: 'native', filters: true },
  { engine: 'isomorphic', filters: false },
  { engine: 'isomorphic', filters: true },
] as const)(
  'the history of a branch, by the $engine engine (a server that leaves out trees: $filters)',
  ({ engine, filters }) => {
    let fixture: Fixture;
    beforeEach(async () => {
      fixture = await startFixture(engine);
      fixture.remote.git('config', 'uploadpack.allowFilter', String(filters));
    });
    afterEach(() => fixture.close());

    const received = () => fixture.server.log.reduce((sum, { sent }) => sum + sent, 0);

    /** Commits that count up in a file beside a large one, written in one go. */
    function manyCommits(count: number, message = (i: number) => `change ${i}`): void {
      const text = (content: string) => `data ${content.length}\n${content}\n`;
      const commits = Array.from(
        { length: count },
        (_, i) =>
          `commit refs/heads/main\ncommitter Human <human@example.com> ${1_700_000_000 + i} +0000\n` +
          `${text(message(i))}M 100644 inline a.yaml\n${text(`${i}\n`)}` +
          (i === 0 ? `M 100644 inline big.yaml\n${text(`${Math.sin(1)}\n`.repeat(500))}` : ''),
      );
      git(fixture.remote.path, ['fast-import', '--quiet', '--date-format=raw'], commits.join(''));
    }

    it('tells who changed what and when, the newest first', async () => {
      const first = fixture.remote.commit({ 'a.yaml': '1\n' }, { message: 'first' });
      const branch = await fixture.open();
      const { commit } = await commitAndPush(branch, { 'a.yaml': '2\n' }, 'Update\n\nTrailer: ü\n');
      const human = { name: 'Human', email: 'human@example.com' };
      const bot = { name: 'Lockkeeper', email: 'bot@example.com' };
      const [mine, theirs, ...more] = await take(branch, commit, 10);
      expect(mine).toEqual({
        id: commit,
        parents: [first],
        author: bot,
        committer: bot,
        time: new Date('2026-11-20T12:00:00Z'),
        message: 'Update\n\nTrailer: ü\n',
      });
      expect(theirs).toMatchObject({
        id: first,
        parents: [],
        author: human,
        committer: human,
        message: 'first',
      });
      expect(more).toEqual([]);
    });

    it('goes as far back as is asked for, and fetches no more than that takes', async () => {
      manyCommits(90);
      const branch = await fixture.open();
      const head = await branch.head(NEVER);
      const ids = fixture.remote.git('rev-list', 'main').split('\n');
      expect((await take(branch, head, 3)).map(({ id }) => id)).toEqual(ids.slice(0, 3));
      const shallow = received();
      expect((await take(branch, head, 1000)).map(({ id }) => id)).toEqual(ids);
      expect(received()).toBeGreaterThan(shallow);
      fixture.server.log.length = 0;
      expect(await take(branch, head, 1000)).toHaveLength(90);
      expect(fixture.server.log).toEqual([]);
    });

    it('fetches only what came since', async () => {
      manyCommits(40);
      const branch = await fixture.open();
      await take(branch, await branch.head(NEVER), 40);
      for (const text of ['x', 'y', 'z']) fixture.remote.commit({ 'a.yaml': text });
      fixture.server.log.length = 0;
      const messages = (await take(branch, await branch.head(NEVER), 43)).map(({ id }) => id);
      expect(messages).toEqual(fixture.remote.git('rev-list', 'main').split('\n'));
      expect(received()).toBeLessThan(6000);
    });

    it('fetches nothing twice, however it goes back', async () => {
      const noise = (seed: number) => createHash('sha512').update(String(seed)).digest('base64');
      manyCommits(400, noise);
      const branch = await fixture.open();
      const head = await branch.head(NEVER);
      await readAll(branch.files(head));
      fixture.server.log.length = 0;
      await take(branch, head, 5);
      await take(branch, head, 30);
      await take(branch, head, 200);
      expect(await take(branch, head, 1000)).toHaveLength(400);
      // A message is 88 bytes that cannot be compressed to less than 64.
      expect(received()).toBeLessThan(400 * (filters ? 250 : 350));
      fixture.server.log.length = 0;
      const all = await take(branch, head, 1000);
      for (const at of [3, 40, 90, 10]) {
        const pair = { before: all[at + 1]?.id ?? '', after: all[at]?.id ?? '' };
        expect(await branch.changes(pair, NEVER)).toMatchObject([{ path: 'a.yaml' }]);
      }
      // Up to twice as deep as was asked for.
      expect(received()).toBeLessThan(filters ? 128 * 350 : 1);
    });

    it('tells what a commit changed', async () => {
      const before = fixture.remote.commit({
        'a.yaml': '1\n',
        'd/gone.yaml': '1\n',
        'd/same.yaml': '1\n',
        'd/x/y.yaml': '1\n',
        link: { symlink: 'a.yaml' },
        sub: { submodule: '1234567890123456789012345678901234567890' },
      });
      const after = fixture.remote.commit({
        'a.yaml': '2\n',
        'd/gone.yaml': null,
        'd-new.yaml': '1\n',
        'd/x/y.yaml': null,
        'd/x': '1\n',
        link: { symlink: 'd' },
        sub: { submodule: '2234567890123456789012345678901234567890' },
      });
      const id = (path: string, commit: string) =>
        fixture.remote.git('rev-parse', `${commit}:${path}`);
      const branch = await fixture.open();
      expect(await branch.changes({ before, after }, NEVER)).toEqual([
        { path: 'a.yaml', before: id('a.yaml', before), after: id('a.yaml', after) },
        { path: 'd-new.yaml', before: undefined, after: id('d-new.yaml', after) },
        { path: 'd/gone.yaml', before: id('d/gone.yaml', before), after: undefined },
        { path: 'd/x', before: undefined, after: id('d/x', after) },
        { path: 'd/x/y.yaml', before: id('d/x/y.yaml', before), after: undefined },
        { path: 'link', before: id('link', before), after: id('link', after) },
      ]);
    });

    it('reads the files of an old commit, and goes on with the head', async () => {
      manyCommits(20);
      const branch = await fixture.open();
      const head = await branch.head(NEVER);
      const old = (await take(branch, head, 20))[10];
      expect((await readAll(branch.files(old?.id ?? '')))['a.yaml']).toBe('9\n');
      expect((await readAll(branch.files(head)))['a.yaml']).toBe('19\n');
      const { result } = await commitAndPush(branch, { 'a.yaml': 'x\n' });
      expect(result.kind).toBe('pushed');
      fixture.remote.fsck();
    });

    it('follows both sides of a merge', async () => {
      const base = fixture.remote.commit({ 'a.yaml': '1\n', 'b.yaml': '1\n' });
      fixture.remote.git('branch', 'side', base);
      const side = fixture.remote.commit({ 'a.yaml': '2\n' }, { branch: 'side' });
      const main = fixture.remote.commit({ 'b.yaml': '2\n' });
      const tree = fixture.remote.git('merge-tree', '--write-tree', 'main', 'side');
      const merge = git(
        fixture.remote.path,
        ['commit-tree', tree, '-p', main, '-p', side],
        'merge',
      );
      fixture.remote.git('update-ref', 'refs/heads/main', merge);
      const branch = await fixture.open();
      const all = await take(branch, await branch.head(NEVER), 10);
      expect(all[0]?.parents).toEqual([main, side]);
      expect(all.map(({ id }) => id).toSorted()).toEqual([merge, main, side, base].toSorted());
      expect(all.at(-1)?.id).toBe(base);
      expect(await branch.changes({ before: main, after: merge }, NEVER)).toMatchObject([
        { path: 'a.yaml' },
      ]);
    });

    it('tells of a merged branch before what it began at, though all were made in one second', async () => {
      const { remote } = fixture;
      const base = remote.commit({ 'a.yaml': '1\n' });
      const main = remote.commit({ 'a.yaml': '2\n' });
      remote.git('branch', 'side', main);
      const first = remote.commit({ 'b.yaml': '1\n' }, { branch: 'side' });
      const second = remote.commit({ 'a.yaml': '1\n' }, { branch: 'side' });
      const sameSecond = { ...GIT_TEST_ENV, GIT_COMMITTER_DATE: '2026-06-01T12:00:00Z' };
      // Each anew, with the same clock; the ids follow from the content.
      const made = new Map<string, string>();
      const again = (id: string, parents: readonly string[]) => {
        const args = parents.flatMap((parent) => ['-p', made.get(parent) ?? parent]);
        const command = ['commit-tree', `${id}^{tree}`, ...args, '-m', id];
        const copy = execFileSync('git', command, { cwd: remote.path, env: sameSecond });
        made.set(id, copy.toString().trim());
      };
      again(base, []);
      again(main, [base]);
      again(first, [main]);
      again(second, [first]);
      again('main', [main, second]);
      const order = ['main', second, first, main, base].map((id) => made.get(id));
      remote.git('update-ref', 'refs/heads/main', order[0] ?? '');
      const branch = await fixture.open();
      const all = await take(branch, await branch.head(NEVER), 10);
      expect(all.map(({ id }) => id)).toEqual(order);
    });

    it('keeps what it fetched for the next process', async () => {
      manyCommits(30);
      const first = await fixture.open();
      const told = await take(first, await first.head(NEVER), 30);
      await first.changes({ before: told[20]?.id ?? '', after: told[19]?.id ?? '' }, NEVER);
      await first.close();
      const second = await fixture.open();
      const head = await second.head(NEVER);
      fixture.server.log.length = 0;
      const all = await take(second, head, 30);
      await second.changes({ before: all[20]?.id ?? '', after: all[19]?.id ?? '' }, NEVER);
      expect(fixture.server.log).toEqual([]);
    });

    it('is had from a server that knows only the first protocol', async () => {
      manyCommits(30);
      const plain = await startOldServer(fixture);
      const branch = await fixture.open({ url: plain.url });
      const head = await branch.head(NEVER);
      expect(await take(branch, head, 25)).toHaveLength(25);
      await branch.close();
      await plain.close();
    });

    it('reads a commit that somebody signed', async () => {
      const parent = fixture.remote.commit({ 'a.yaml': '1\n' });
      const tree = fixture.remote.git('rev-parse', `${parent}^{tree}`);
      const by = 'Sig Ned <s@example.com> 1700000000 +0100';
      const content =
        `tree ${tree}\nparent ${parent}\nauthor ${by}\ncommitter ${by}\n` +
        'gpgsig -----BEGIN X-----\n \n author Eve <e@x> 1 +0000\n -----END X-----\n\nsubject\n\nauthor nobody\n';
      const id = git(
        fixture.remote.path,
        ['hash-object', '-t', 'commit', '-w', '--stdin'],
        content,
      );
      fixture.remote.git('update-ref', 'refs/heads/main', id);
      const branch = await fixture.open();
      expect((await take(branch, id, 1))[0]).toMatchObject({
        author: { name: 'Sig Ned', email: 's@example.com' },
        time: new Date(1_700_000_000_000),
        message: 'subject\n\nauthor nobody\n',
      });
    });
  },
);
