import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommitJournal } from '../../../src/adapters/checkout/commit-journal.ts';
import { openCheckout } from '../../../src/adapters/checkout/directory.ts';
import { createSigningKeys } from '../../../src/adapters/signing/open-signer.ts';
import type { Checkout } from '../../../src/ports/ports.ts';
import { git, GIT_TEST_ENV, scratch, type Scratch } from '../../support/git/repo.ts';
import { makeSshKey, SIGNER, verifyCommit } from '../../support/git/signing-keys.ts';
import { hasTool } from '../../support/git/tools.ts';

const NEVER = new AbortController().signal;
const BOT = { name: 'Lockkeeper', email: 'bot@example.com' };
const NOON = new Date('2026-11-20T12:00:00Z');

let area: Scratch;
let dir: string;
beforeEach(() => {
  area = scratch();
  dir = join(area.path, 'work');
  mkdirSync(dir);
});
afterEach(() => area.remove());

function put(path: string, text: string): void {
  const file = join(dir, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}

/** Work that never gives up the turn, as parsing is. */
function beBusy(): void {
  const until = performance.now() + 10;
  while (performance.now() < until) continue;
}

function text(path: string): string {
  return readFileSync(join(dir, path), 'utf8');
}

async function paths(checkout: Checkout): Promise<string[]> {
  return (await checkout.list(NEVER)).map(({ path, kind }) => `${kind} ${path}`);
}

function change(path: string, content: string) {
  return { path, bytes: Buffer.from(content) };
}

describe('a plain folder', () => {
  it('lists files and links in byte order, without Git folders and without following links', async () => {
    put('b.yaml', '');
    put('a/x.yaml', '');
    put('a-b.yaml', '');
    put('\u{ff5e}.yaml', '');
    put('\u{1f512}.yaml', '');
    put('node_modules/m/index.js', '');
    put('nested/.git/HEAD', 'ref: refs/heads/main\n');
    put('nested/inner.yaml', '');
    symlinkSync('/etc', join(dir, 'etc'));
    symlinkSync('..', join(dir, 'a/up'));
    expect(await paths(await openCheckout(dir, GIT_TEST_ENV))).toEqual([
      'file a-b.yaml',
      'symlink a/up',
      'file a/x.yaml',
      'file b.yaml',
      'symlink etc',
      'file nested/inner.yaml',
      'file node_modules/m/index.js',
      'file \u{ff5e}.yaml',
      'file \u{1f512}.yaml',
    ]);
  });

  it('lists what has a name that is no UTF-8 as such, and the rest as ever', async () => {
    put('a.yaml', '');
    put('real \u{fffd}.yaml', '');
    const inBytes = (...parts: readonly string[]) =>
      Buffer.from([dir, ...parts].join('/'), 'latin1');
    writeFileSync(inBytes('caf\xe9.yaml'), '');
    symlinkSync('a.yaml', inBytes('l\xe9.yaml'));
    mkdirSync(inBytes('d\xe9p\xf4t', 'deep'), { recursive: true });
    writeFileSync(inBytes('d\xe9p\xf4t', 'deep', 'x.yaml'), '');
    const checkout = await openCheckout(dir, GIT_TEST_ENV);
    expect(await paths(checkout)).toEqual([
      'file a.yaml',
      'unnamed caf\u{fffd}.yaml',
      'unnamed d\u{fffd}p\u{fffd}t/deep/x.yaml',
      'unnamed l\u{fffd}.yaml',
      'file real \u{fffd}.yaml',
    ]);
    const named = (await checkout.list(NEVER)).filter(({ kind }) => kind === 'file');
    for await (const { bytes } of checkout.read(named, 5, NEVER)) expect(bytes).toHaveLength(0);
  });

  it('is found through a link to it', async () => {
    put('a.yaml', '1');
    symlinkSync(dir, join(area.path, 'alias'));
    const checkout = await openCheckout(join(area.path, 'alias'), GIT_TEST_ENV);
    await checkout.write([change('a.yaml', '2')], NEVER);
    expect(text('a.yaml')).toBe('2');
  });

  it('gives signals their turn while it reads', async () => {
    for (let n = 0; n < 50; n += 1) put(`${n}.yaml`, '');
    const checkout = await openCheckout(dir, GIT_TEST_ENV);
    const entries = await checkout.list(NEVER);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1);
    const read = async () => {
      for await (const _ of checkout.read(entries, 5, stop.signal)) beBusy();
    };
    await expect(read()).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('reads files up to the limit, and a link as its target', async () => {
    put('at.yaml', '12345');
    put('over.yaml', '123456');
    symlinkSync('at.yaml', join(dir, 'link'));
    const checkout = await openCheckout(dir, GIT_TEST_ENV);
    const seen: (string | undefined)[] = [];
    for await (const { bytes } of checkout.read(await checkout.list(NEVER), 5, NEVER)) {
      seen.push(bytes === undefined ? undefined : Buffer.from(bytes).toString());
    }
    expect(seen).toEqual(['12345', undefined, undefined]);
  });

  it('keeps mode and links elsewhere when a file is replaced, and leaves no drafts', async () => {
    put('run.sh', 'old');
    chmodSync(join(dir, 'run.sh'), 0o750);
    const checkout = await openCheckout(dir, GIT_TEST_ENV);
    await checkout.write([change('run.sh', 'new')], NEVER);
    expect(text('run.sh')).toBe('new');
    expect(statSync(join(dir, 'run.sh')).mode & 0o777).toBe(0o750);
    expect(readdirSync(dir)).toEqual(['run.sh']);
  });

  it('removes and never lists what a killed run left half-written', async () => {
    put('a.yaml', 'old');
    put('.lockkeeper-999999999-1-0123456789abcdef.tmp', 'half');
    put(
      `.lockkeeper-${process.pid}-1-0123456789abcdef.tmp`,
      'half, by an earlier process of this id',
    );
    const checkout = await openCheckout(dir, GIT_TEST_ENV);
    expect(await paths(checkout)).toEqual(['file a.yaml']);
    await checkout.write([change('a.yaml', 'new')], NEVER);
    expect(readdirSync(dir)).toEqual(['a.yaml']);
  });

  it.each([
    ['a path to the parent', '../outside.yaml', 'file/outside'],
    ['an absolute path', '/etc/hostname', 'file/outside'],
    ['a path through a linked folder', 'away/outside.yaml', 'file/outside'],
    ['a link', 'link.yaml', 'file/unreadable'],
    ['a folder', 'folder', 'file/unreadable'],
    ['a file that is not there', 'none.yaml', 'file/unreadable'],
  ])('refuses to write %s', async (_, path, code) => {
    writeFileSync(join(area.path, 'outside.yaml'), 'untouched');
    put('a.yaml', 'untouched');
    mkdirSync(join(dir, 'folder'));
    symlinkSync('..', join(dir, 'away'));
    symlinkSync('../outside.yaml', join(dir, 'link.yaml'));
    const checkout = await openCheckout(dir, GIT_TEST_ENV);
    const files = [change('a.yaml', 'x'), change(path, 'x')];
    await expect(checkout.write(files, NEVER)).rejects.toMatchObject({ code });
    expect(text('a.yaml')).toBe('untouched');
    expect(readFileSync(join(area.path, 'outside.yaml'), 'utf8')).toBe('untouched');
  });

  it('cannot be committed', async () => {
    put('a.yaml', '1');
    const checkout = await openCheckout(dir, GIT_TEST_ENV);
    const request = { files: [change('a.yaml', '2')], message: 'm\n', author: BOT, time: NOON };
    await expect(checkout.commit(request, NEVER)).rejects.toMatchObject({
      code: 'git/unsupported',
    });
    expect(text('a.yaml')).toBe('1');
  });

  it('must be there', async () => {
    await expect(openCheckout(join(dir, 'none'), GIT_TEST_ENV)).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

/** Without the program, isomorphic-git commits. */
const WAYS = [
  ['the git program', GIT_TEST_ENV],
  ['isomorphic-git', { ...GIT_TEST_ENV, PATH: '/nonexistent' }],
] as const;

describe.skipIf(!hasTool('git')).each(WAYS)('a work tree, committed by %s', (_, env) => {
  beforeEach(() => {
    git(dir, ['init', '-q', '-b', 'main']);
    put('apps/a.yaml', 'tag: 1\n');
    put('apps/b.yaml', 'tag: 1\n');
    put('run.sh', '#!/bin/sh\n');
    chmodSync(join(dir, 'run.sh'), 0o755);
    put('.gitignore', 'ignored.yaml\n');
    git(dir, ['add', '.']);
    git(dir, ['commit', '-q', '-m', 'first']);
  });

  const commitFile = async (folder: string, path: string, content: string, message = 'Update\n') =>
    (await openCheckout(folder, env)).commit(
      { files: [change(path, content)], message, author: BOT, time: NOON },
      NEVER,
    );

  it.skipIf(!hasTool('ssh-keygen'))('signs with the key that it is given', async () => {
    const key = makeSshKey(join(area.path, 'key'), ['-t', 'ed25519']);
    const keys = createSigningKeys();
    const signer = await keys.open({ kind: 'ssh', text: key.text, source: 'a test' });
    const author = { name: 'Bot', email: SIGNER };
    const request = { files: [change('apps/a.yaml', 'tag: 2\n')], author, time: NOON, signer };
    const message = 'Update ü\n\nImage-Update: a -> b\n';
    const id = await (await openCheckout(dir, env)).commit({ ...request, message }, NEVER);
    expect(git(dir, ['rev-parse', 'main'])).toBe(id);
    expect(verifyCommit(dir, id, key)).toEqual({ isGood: true, words: '' });
    expect(git(dir, ['log', '--format=%B', '-1']).trim()).toBe(message.trim());
    expect(git(dir, ['rev-list', '--count', 'main'])).toBe('2');
    expect(git(dir, ['status', '--porcelain'])).toBe('');
  });

  it('commits just the named paths and leaves other staged and unstaged work alone', async () => {
    put('apps/b.yaml', 'tag: staged\n');
    git(dir, ['add', 'apps/b.yaml']);
    put('run.sh', 'edited\n');
    put('new.yaml', 'untracked\n');
    const id = await commitFile(dir, 'apps/a.yaml', 'tag: 2\n', 'Update a\n\nX: y\n');
    expect(git(dir, ['rev-parse', 'main'])).toBe(id);
    expect(git(dir, ['show', '--format=', '--name-status', 'HEAD'])).toBe('M\tapps/a.yaml');
    expect(git(dir, ['log', '-1', '--format=%an %ae %at %cn %B'])).toBe(
      'Lockkeeper bot@example.com 1795176000 Lockkeeper Update a\n\nX: y\n',
    );
    expect(git(dir, ['status', '--porcelain'])).toBe('M  apps/b.yaml\n M run.sh\n?? new.yaml');
    git(dir, ['fsck', '--strict']);
  });

  it('keeps a file executable', async () => {
    await commitFile(dir, 'run.sh', 'new\n');
    expect(git(dir, ['ls-tree', 'HEAD', 'run.sh'])).toMatch(/^100755 /);
    expect(git(dir, ['status', '--porcelain'])).toBe('');
  });

  it('works in a folder below the top', async () => {
    await commitFile(join(dir, 'apps'), 'a.yaml', 'tag: 2\n');
    expect(git(dir, ['show', 'HEAD:apps/a.yaml'])).toBe('tag: 2');
    expect(git(dir, ['status', '--porcelain'])).toBe('');
  });

  it.each([
    ['changed', 'apps/a.yaml', () => put('apps/a.yaml', 'tag: mine\n')],
    [
      'staged',
      'apps/a.yaml',
      () => {
        put('apps/a.yaml', 'tag: mine\n');
        git(dir, ['add', '.']);
      },
    ],
    ['not in Git', 'new.yaml', () => put('new.yaml', 'tag: mine\n')],
    ['ignored', 'ignored.yaml', () => put('ignored.yaml', 'tag: mine\n')],
  ])('refuses a file that is %s, before anything is written', async (__, path, prepare) => {
    prepare();
    const head = git(dir, ['rev-parse', 'HEAD']);
    await expect(commitFile(dir, path, 'tag: 2\n')).rejects.toMatchObject({ code: 'git/dirty' });
    expect(text(path)).toBe('tag: mine\n');
    expect(git(dir, ['rev-parse', 'HEAD'])).toBe(head);
  });

  describe('after a process was killed between the files and the commit', () => {
    const killed = async (head = git(dir, ['rev-parse', 'HEAD'])): Promise<void> => {
      const journal = new CommitJournal(join(dir, '.git'));
      const before = ['apps/a.yaml', 'apps/b.yaml'].map((path) => change(path, 'tag: 1\n'));
      const after = ['apps/a.yaml', 'apps/b.yaml'].map((path) => change(path, 'tag: 2\n'));
      await journal.begin(head, before, after);
      const path = join(dir, '.git/lockkeeper/commit.json');
      const note = readFileSync(path, 'utf8').replace(/"by":"[^"]*"/, '"by":"999999999-1"');
      writeFileSync(path, note);
      put('apps/a.yaml', 'tag: 2\n');
    };

    it('puts the files back, also from a folder below the top', async () => {
      await killed();
      put('apps/b.yaml', 'tag: mine\n');
      await openCheckout(join(dir, 'apps'), env);
      expect(text('apps/a.yaml')).toBe('tag: 1\n');
      expect(text('apps/b.yaml')).toBe('tag: mine\n');
      expect(existsSync(join(dir, '.git/lockkeeper/commit.json'))).toBe(false);
    });

    it('does without a note that was cut off', async () => {
      mkdirSync(join(dir, '.git/lockkeeper'));
      writeFileSync(join(dir, '.git/lockkeeper/commit.json'), '{"by":"9999');
      await commitFile(dir, 'apps/a.yaml', 'tag: 2\n');
      expect(text('apps/a.yaml')).toBe('tag: 2\n');
      expect(existsSync(join(dir, '.git/lockkeeper/commit.json'))).toBe(false);
    });

    it('leaves them when there has been a commit since', async () => {
      await killed('1234567890123456789012345678901234567890');
      await openCheckout(dir, env);
      expect(text('apps/a.yaml')).toBe('tag: 2\n');
    });
  });

  it('leaves nothing of its own in the Git folder', async () => {
    await commitFile(dir, 'apps/a.yaml', 'tag: 2\n');
    expect(readdirSync(join(dir, '.git/lockkeeper'))).toEqual([]);
    expect(readdirSync(join(dir, '.git')).filter((name) => name.includes('lockkeeper-'))).toEqual(
      [],
    );
  });

  it('runs no hooks', async () => {
    const hook = join(dir, '.git/hooks/pre-commit');
    mkdirSync(join(hook, '..'), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\ntouch ../hook-ran ./hook-ran\nexit 1\n', { mode: 0o755 });
    await commitFile(dir, 'apps/a.yaml', 'tag: 2\n');
    expect(existsSync(join(dir, 'hook-ran'))).toBe(false);
  });

  it('does not list the files of a repo inside it', async () => {
    put('sub/inner.yaml', '');
    git(join(dir, 'sub'), ['init', '-q']);
    expect(await paths(await openCheckout(dir, env))).not.toContain('file sub/inner.yaml');
  });
});

describe.skipIf(!hasTool('git'))('the git program', () => {
  const commit = async (folder: string) =>
    (await openCheckout(folder, GIT_TEST_ENV)).commit(
      { files: [change('a.yaml', '2')], message: 'm\n', author: BOT, time: NOON },
      NEVER,
    );

  beforeEach(() => {
    git(dir, ['init', '-q', '-b', 'main']);
    put('a.yaml', '1');
    git(dir, ['add', '.']);
    git(dir, ['commit', '-q', '-m', 'first']);
  });

  it('commits in a linked work tree', async () => {
    const linked = join(area.path, 'linked');
    git(dir, ['worktree', 'add', '-q', '-b', 'side', linked]);
    const id = await commit(linked);
    expect(git(dir, ['rev-parse', 'side'])).toBe(id);
    expect(git(linked, ['status', '--porcelain'])).toBe('');
  });

  it('puts the files back when it cannot commit', async () => {
    writeFileSync(join(dir, '.git/refs/heads/main.lock'), '');
    await expect(commit(dir)).rejects.toMatchObject({ code: 'git/rejected' });
    expect(text('a.yaml')).toBe('1');
    expect(git(dir, ['status', '--porcelain'])).toBe('');
  });

  it('ends a commit that has begun, although it is cancelled', async () => {
    const bin = join(area.path, 'bin');
    const made = join(area.path, 'made');
    mkdirSync(bin);
    const script = `#!/bin/sh
PATH=\${PATH#*:}
case " $* " in *" commit "*) git "$@"; touch '${made}'; sleep 0.5 ;; *) exec git "$@" ;; esac
`;
    writeFileSync(join(bin, 'git'), script, { mode: 0o755 });
    const env = { ...GIT_TEST_ENV, PATH: `${bin}:${GIT_TEST_ENV['PATH'] ?? ''}` };
    const controller = new AbortController();
    const request = { files: [change('a.yaml', '2')], message: 'm\n', author: BOT, time: NOON };
    const committed = (await openCheckout(dir, env)).commit(request, controller.signal);
    await vi.waitUntil(() => existsSync(made), { timeout: 10_000, interval: 10 });
    controller.abort();
    expect(await committed).toBe(git(dir, ['rev-parse', 'HEAD']));
    expect(text('a.yaml')).toBe('2');
    expect(git(dir, ['status', '--porcelain'])).toBe('');
  });

  it('does not commit into an unfinished merge', async () => {
    git(dir, ['checkout', '-q', '-b', 'other']);
    put('other.yaml', '');
    git(dir, ['add', '.']);
    git(dir, ['commit', '-q', '-m', 'other']);
    git(dir, ['checkout', '-q', 'main']);
    git(dir, ['merge', '--no-ff', '--no-commit', '-q', 'other']);
    await expect(commit(dir)).rejects.toMatchObject({ code: 'git/dirty' });
    expect(text('a.yaml')).toBe('1');
  });
});
