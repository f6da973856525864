import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { beforeAndAfter, oddFiles } from './odd-files.ts';
import { deployment, imagePolicy, lines } from './resources.ts';
import { changedFiles, createCheckout, openStage, snapshot, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** What counts as a word when `git` compares: a whole tag. */
const WORDS = '--word-diff-regex=[A-Za-z0-9.-]+';

describe.skipIf(!hasTool('git'))('update DIR', () => {
  let stage: Stage;
  let registry: TagServer;
  beforeAll(async () => {
    stage = openStage();
    registry = await startTagServer({
      web: ['6.1.0', '6.2.0', '6.3.0-rc.1', 'latest'],
      float: ['1.19', '1.20'],
      octal: ['0122', '0123'],
      exp: ['12e4566', '12e4567'],
    });
  });
  afterAll(async () => {
    await stage.close();
    await registry.close();
  });

  /** A policy that takes the last tag, by number or by alphabet. */
  const ordered = (name: string, by: 'numerical' | 'alphabetical') =>
    imagePolicy({ name, image: registry.image(name) }).replace(
      /semver:\n.*\n/,
      `${by}: {order: asc}\n`,
    );
  const policies = () => ({
    'policies/web.yaml': imagePolicy({ image: registry.image('web') }),
    'policies/others.yaml': [
      ordered('float', 'numerical'),
      ordered('octal', 'alphabetical'),
      ordered('exp', 'alphabetical'),
    ].join('---\n'),
  });

  describe('on files of every shape', () => {
    let files: Readonly<Record<string, ReturnType<typeof beforeAndAfter>>>;
    beforeAll(() => {
      const texts = Object.entries(oddFiles(registry.image('web')));
      files = Object.fromEntries(texts.map(([path, text]) => [path, beforeAndAfter(text)]));
      const befores = Object.entries(files).map(([path, { before }]) => [path, before] as const);
      createCheckout(stage.path('odd'), { ...policies(), ...Object.fromEntries(befores) });
    });

    it('changes the values and not one byte besides', async () => {
      expect(await stage.run(['update', 'odd'])).toMatchObject({ code: 0, stderr: '' });
      const found = Object.keys(files).map((path) => [
        path,
        readFileSync(stage.path('odd', path), 'utf8'),
      ]);
      expect(Object.fromEntries(found)).toEqual(
        Object.fromEntries(Object.entries(files).map(([path, { after }]) => [path, after])),
      );
    });

    it('is seen by git as changed words only', () => {
      git(stage.path('odd'), ['config', 'core.quotePath', 'false']);
      const words = git(stage.path('odd'), ['diff', '-U0', '--word-diff=porcelain', WORDS])
        .split('\n')
        .filter((line) => /^[-+](?![-+])/.test(line));
      const wanted = Object.keys(files)
        .toSorted()
        .flatMap((path) => files[path]?.changes ?? [])
        .flatMap(({ before, after }) => [`-${before}`, `+${after}`.replaceAll('"', '')]);
      expect(words).toEqual(wanted);
      expect(git(stage.path('odd'), ['diff', '--cached', '--name-only'])).toBe('');
    });

    it('changes nothing when it runs again', async () => {
      const before = snapshot(stage.path('odd'));
      const result = await stage.run(['update', 'odd']);
      expect(result).toMatchObject({ code: 0, stderr: '' });
      expect(result.stdout).toMatch(/^nothing to do: \d+ locations checked\n$/);
      expect(changedFiles(before, snapshot(stage.path('odd')))).toEqual([]);
    });
  });

  describe('on a checkout', () => {
    const image = (tag: string) => `${registry.image('web')}:${tag}`;
    let folder = 0;
    /** A fresh checkout with one marked field that is to move. */
    const checkout = (more: Readonly<Record<string, string>> = {}) => {
      const name = `checkout-${++folder}`;
      const files = { 'web.yaml': deployment(image('6.1.0')), ...policies(), ...more };
      createCheckout(stage.path(name), files);
      return { name, path: stage.path(name) };
    };

    it('leaves a file alone whose name is no UTF-8, says so, and changes the others', async () => {
      const { name, path } = checkout();
      const latin = Buffer.from(`${path}/caf\xe9.yaml`, 'latin1');
      writeFileSync(latin, deployment(image('6.1.0')));
      const { code, stderr } = await stage.run(['update', name]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^caf\u{fffd}\.yaml: error: a name on the way .* is not UTF-8.*\n$/u);
      expect(readFileSync(`${path}/web.yaml`, 'utf8')).toContain(':6.2.0 #');
      expect(readFileSync(latin, 'utf8')).toContain(':6.1.0 #');
    });

    it('understands all marker forms of an existing Flux repo', async () => {
      const { name, path } = checkout({
        'release.yml': lines(
          'apiVersion: helm.toolkit.fluxcd.io/v2',
          'kind: HelmRelease',
          'spec:',
          '  values:',
          '    image:',
          `      repository: ${registry.image('old')} # {"$imagepolicy": "apps:web:name"}`,
          '      tag: 6.1.0 # {"$imagepolicy": "apps:web:tag"}',
          `    sidecar: ${image('6.1.0')} # {"$imagepolicy": "apps:web"}`,
          '    digest: "" # {"$imagepolicy": "apps:web:digest"}',
        ),
      });
      expect(await stage.run(['update', name])).toMatchObject({ code: 0 });
      expect(readFileSync(`${path}/release.yml`, 'utf8').split('\n').slice(5, 9)).toEqual([
        `      repository: ${registry.image('web')} # {"$imagepolicy": "apps:web:name"}`,
        '      tag: 6.2.0 # {"$imagepolicy": "apps:web:tag"}',
        `    sidecar: ${image('6.2.0')} # {"$imagepolicy": "apps:web"}`,
        '    digest: "" # {"$imagepolicy": "apps:web:digest"}',
      ]);
    });

    it('--dry-run writes nothing and prints a diff that git can apply', async () => {
      const odd = Object.entries(oddFiles(registry.image('web')));
      const { name, path } = checkout(
        Object.fromEntries(odd.map(([file, text]) => [file, beforeAndAfter(text).before])),
      );
      const before = snapshot(path);
      const { code, stdout } = await stage.run(['update', name, '--dry-run']);
      expect(code).toBe(0);
      expect(changedFiles(before, snapshot(path))).toEqual([]);
      git(path, ['apply', '--whitespace=nowarn'], stdout);
      const { stdout: again } = await stage.run(['update', name, '--dry-run']);
      expect(again).toBe('');
    });

    it('--commit commits our paths alone', async () => {
      const { name, path } = checkout({ 'notes.md': 'old\n', 'other.yaml': 'a: 1\n' });
      stage.write({ [`${name}/notes.md`]: 'staged\n', [`${name}/other.yaml`]: 'a: 2\n' });
      git(path, ['add', 'notes.md']);
      const { code, stdout } = await stage.run(['update', name, '--commit']);
      expect(code).toBe(0);
      expect(stdout).toContain(
        `commit ${git(path, ['rev-parse', '--short=12', 'HEAD'])} Update web to 6.2.0`,
      );
      expect(git(path, ['show', '--format=%an <%ae>', '--name-status', 'HEAD'])).toBe(
        'Lockkeeper <lockkeeper@localhost>\n\nM\tweb.yaml',
      );
      expect(git(path, ['status', '--porcelain'])).toBe('M  notes.md\n M other.yaml');
    });

    it.each([
      { name: 'edited', stage: false },
      { name: 'staged', stage: true },
    ])('--commit refuses a target that is $name, before anything is written', async (given) => {
      const { name, path } = checkout({ 'more.yaml': deployment(image('6.1.0')) });
      stage.write({ [`${name}/web.yaml`]: deployment(image('6.1.0')).replace('one', 'only one') });
      if (given.stage) git(path, ['add', 'web.yaml']);
      const before = snapshot(path);
      const head = git(path, ['rev-parse', 'HEAD']);
      const result = await stage.run(['update', name, '--commit']);
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toMatch(
        /^web\.yaml: error: the file has changes that are not committed; .*\n$/,
      );
      expect(changedFiles(before, snapshot(path))).toEqual([]);
      expect(git(path, ['rev-parse', 'HEAD'])).toBe(head);
    });

    it('--commit with nothing to do makes no commit', async () => {
      const { name, path } = checkout();
      await stage.run(['update', name, '--commit']);
      const head = git(path, ['rev-parse', 'HEAD']);
      const result = await stage.run(['update', name, '--commit']);
      expect(result).toEqual({
        code: 0,
        stdout: 'nothing to do: 1 location checked\n',
        stderr: '',
      });
      expect(git(path, ['rev-parse', 'HEAD'])).toBe(head);
    });

    it('never goes back to an older tag', async () => {
      const { name, path } = checkout({ 'web.yaml': deployment(image('7.0.0')) });
      const { code, stdout } = await stage.run(['update', name]);
      expect(code).toBe(0);
      expect(stdout).toContain(
        'held web.yaml:11 (apps/web): holds 7.0.0, which is newer than 6.2.0',
      );
      expect(git(path, ['status', '--porcelain'])).toBe('');
    });
  });
});
