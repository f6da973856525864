import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCheckout } from '../../../src/adapters/checkout/directory.ts';
import type { CheckoutHistory, LoggedCommit } from '../../../src/ports/history.ts';
import { git, GIT_TEST_ENV, scratch, type Scratch } from '../../support/git/repo.ts';

const NEVER = new AbortController().signal;

let area: Scratch;
let dir: string;
beforeEach(() => {
  area = scratch();
  dir = join(area.path, 'work');
  mkdirSync(join(dir, 'apps'), { recursive: true });
  git(dir, ['init', '--quiet', '--initial-branch=main', '--template=']);
});
afterEach(() => area.remove());

const put = (path: string, text: string) => writeFileSync(join(dir, path), text);

/** @returns the commit's id */
function commit(message: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) put(path, text);
  git(dir, ['add', '--all']);
  git(dir, ['commit', '--quiet', '--message', message]);
  return git(dir, ['rev-parse', 'HEAD']);
}

async function open(folder = dir, env = GIT_TEST_ENV): Promise<CheckoutHistory> {
  const history = await (await openCheckout(folder, env)).history(NEVER);
  if (typeof history === 'string') throw new Error(history);
  return history;
}

async function logged(history: CheckoutHistory, maxCommits = 10): Promise<LoggedCommit[]> {
  const commits: LoggedCommit[] = [];
  for await (const one of history.log(history.head, maxCommits, NEVER)) commits.push(one);
  return commits;
}

describe('the history of a checkout', () => {
  it('tells of its commits, the newest first, through merges', async () => {
    const first = commit('One\n\nIts body\n  indented\n\nImage-Update: x', { 'a.yaml': '1' });
    git(dir, ['switch', '--quiet', '--create', 'side']);
    const side = commit('Side', { 'b.yaml': '1' });
    git(dir, ['switch', '--quiet', 'main']);
    git(dir, ['merge', '--quiet', '--no-ff', '--message', 'Merge', 'side']);
    const history = await open();
    const all = await logged(history);
    expect(all.map(({ message }) => message.split('\n')[0])).toEqual(['Merge', 'Side', 'One']);
    expect(all[0]?.parents).toEqual([first, side]);
    expect(all[2]).toEqual({
      id: first,
      parents: [],
      author: { name: 'Human', email: 'human@example.com' },
      committer: { name: 'Human', email: 'human@example.com' },
      time: new Date(1_000 * Number(git(dir, ['log', '-1', '--format=%ct', first]))),
      message: 'One\n\nIts body\n  indented\n\nImage-Update: x\n',
    });
    expect(await logged(history, 2)).toHaveLength(2);
  });

  it('tells what a commit changed below the folder that was opened, and what was there', async () => {
    const before = commit('One', { 'apps/a.yaml': 'one', 'apps/gone.yaml': 'x', 'top.yaml': '1' });
    rmSync(join(dir, 'apps/gone.yaml'));
    const after = commit('Two', { 'apps/a.yaml': 'two', 'apps/new.yaml': 'x', 'top.yaml': '2' });
    const history = await open(join(dir, 'apps'));
    const changes = await history.changes({ before, after }, NEVER);
    expect(
      changes.map((one) => [one.path, one.before !== undefined, one.after !== undefined]),
    ).toEqual([
      ['a.yaml', true, true],
      ['gone.yaml', true, false],
      ['new.yaml', false, true],
    ]);
    const [first] = changes;
    const [path, id] = [first?.path ?? '', first?.before ?? ''];
    const read = async (maxBytes: number) => {
      for await (const { bytes } of history
        .files(before)
        .read([{ path, id, kind: 'file' }], maxBytes, NEVER)) {
        return bytes === undefined ? undefined : Buffer.from(bytes).toString();
      }
      return 'nothing';
    };
    expect(await read(100)).toBe('one');
    expect(await read(2)).toBeUndefined();
  });

  it('tells which files are not as they were committed', async () => {
    const names = ['same', 'edited', 'staged', 'deleted', 'moved'].map(
      (name) => `apps/${name}.yaml`,
    );
    commit('One', {
      ...Object.fromEntries(names.map((name) => [name, name])),
      '.gitignore': 'ignored.yaml',
    });
    const blob = (name: string) => git(dir, ['rev-parse', `HEAD:apps/${name}.yaml`]);
    put('apps/edited.yaml', 'other');
    put('apps/staged.yaml', 'other');
    put('apps/untracked.yaml', 'new');
    put('apps/ignored.yaml', 'new');
    git(dir, ['add', 'apps/staged.yaml']);
    git(dir, ['mv', 'apps/moved.yaml', 'apps/there.yaml']);
    rmSync(join(dir, 'apps/deleted.yaml'));
    const all = ['same', 'edited', 'staged', 'deleted', 'moved', 'there', 'untracked', 'ignored'];
    const history = await open(join(dir, 'apps'));
    const found = await history.uncommitted(
      all.map((name) => `${name}.yaml`),
      NEVER,
    );
    expect(Object.fromEntries(found.map(({ path, before }) => [path, before]))).toEqual({
      'edited.yaml': blob('edited'),
      'staged.yaml': blob('staged'),
      'deleted.yaml': blob('deleted'),
      'moved.yaml': blob('moved'),
      'there.yaml': undefined,
      'untracked.yaml': undefined,
      'ignored.yaml': undefined,
    });
    expect(await history.uncommitted(['same.yaml'], NEVER)).toEqual([]);
  });

  it('says where a shallow clone is cut off', async () => {
    commit('One', { 'a.yaml': '1' });
    commit('Two', { 'a.yaml': '2' });
    const shallow = join(area.path, 'shallow');
    git(area.path, ['clone', '--quiet', '--depth=1', `file://${dir}`, shallow]);
    expect(await logged(await open(shallow))).toMatchObject([
      { message: 'Two\n', parents: [], isCutOff: true },
    ]);
  });

  it.each([
    { name: 'a plain folder', in: () => area.path, want: /is not in a Git work tree$/ },
    { name: 'a repo without commits', in: () => dir, want: /^nothing has been committed yet$/ },
    {
      name: 'a machine without git',
      in: () => dir,
      env: { PATH: '/nonexistent' },
      want: /^there is no git program to read it$/,
    },
  ])('is none in $name', async ({ in: folder, env = GIT_TEST_ENV, want }) => {
    expect(await (await openCheckout(folder(), env)).history(NEVER)).toMatch(want);
  });
});
