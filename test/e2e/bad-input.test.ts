import { rmSync, symlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployment, imagePolicy, lines } from './resources.ts';
import { changedFiles, openStage, snapshot, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** Whatever the input: nobody waits longer. */
const PATIENCE_MS = 15_000;

describe('bad input', () => {
  let stage: Stage;
  let registry: TagServer;
  beforeAll(async () => {
    stage = openStage();
    // Tags on which a backtracking engine would never come back from (a+)+$.
    registry = await startTagServer({ web: ['1.0.0', '1.1.0', `${'a'.repeat(120)}b`] });
  });
  afterAll(async () => {
    await stage.close();
    await registry.close();
  });

  const policy = (spec: readonly string[] = ['insecure: true']) =>
    imagePolicy({ image: registry.image('web'), spec });
  const web = () => deployment(`${registry.image('web')}:1.0.0`);

  /** Puts a folder `repo` in place of the former one. */
  function prepare(files: Readonly<Record<string, string | Uint8Array>>): void {
    rmSync(stage.path('repo'), { recursive: true, force: true });
    stage.write(
      Object.fromEntries(Object.entries(files).map(([path, text]) => [`repo/${path}`, text])),
    );
  }

  /** Runs a command on `repo`; what it said, what it changed, and whether it took its time. */
  async function run(args: readonly string[]) {
    const before = snapshot(stage.path('repo'));
    const started = Date.now();
    const { code, stdout, stderr } = await stage.run(args, { cwd: stage.path('repo') });
    const changed = changedFiles(before, snapshot(stage.path('repo')));
    return { code, stdout, stderr, changed, inTime: Date.now() - started < PATIENCE_MS };
  }

  /** Exit code 2 and one line: invalid resources stop everything. */
  describe.each(['update', 'validate'])('in a resource stops %s', (command) => {
    it.each<{ name: string; text: () => string; says: RegExp }>([
      {
        name: 'malformed YAML',
        text: () => policy().replace('  policy:', '  policy: [}'),
        says: /^policy\.yaml:8:\d+: error: .+/,
      },
      {
        name: 'an unknown field',
        text: () => policy(['insecure: true', 'intervall: 5m']),
        says: /^policy\.yaml:12:3: error: spec\.intervall: unknown field; did you mean "interval"\?/,
      },
      {
        name: 'two policies in one',
        text: () => policy().replace('    semver:', '    numerical: {order: asc}\n    semver:'),
        says: /^policy\.yaml:8:\d+: error: spec\.policy: .*exactly one/,
      },
      {
        name: 'no policy at all',
        text: () => policy().replace(/ {4}semver:\n.*\n/, '    {}\n'),
        says: /^policy\.yaml:\d+:\d+: error: spec\.policy: .*exactly one/,
      },
      {
        name: 'an invalid range',
        text: () => policy().replace('"*"', '">=banana"'),
        says: /^policy\.yaml:10:\d+: error: spec\.policy\.semver\.range: .*banana/,
      },
      {
        name: 'an invalid pattern',
        text: () => policy(['insecure: true', 'filterTags: {pattern: "("}']),
        says: /^policy\.yaml:12:\d+: error: spec\.filterTags\.pattern: /,
      },
      {
        name: 'a pattern that needs backtracking',
        text: () => policy(['insecure: true', 'filterTags: {pattern: "(?=a)b"}']),
        says: /^policy\.yaml:12:\d+: error: spec\.filterTags\.pattern: /,
      },
      {
        name: 'a soak that is no duration',
        text: () => policy(['insecure: true', 'promoteFrom: {policy: test, soak: soon}']),
        says: /^policy\.yaml:12:\d+: error: spec\.promoteFrom\.soak: must be a duration/,
      },
      {
        name: 'an image with a tag',
        text: () => policy().replace('/team/web', '/team/web:1.0.0'),
        says: /^policy\.yaml:7:\d+: error: spec\.image: /,
      },
      {
        name: 'a duration that is none',
        text: () => policy(['insecure: true', 'interval: often']),
        says: /^policy\.yaml:12:\d+: error: spec\.interval: /,
      },
      {
        name: 'a cron expression that is none',
        text: () => policy(['insecure: true', 'schedule: {cron: "61 * * * *"}']),
        says: /^policy\.yaml:12:\d+: error: spec\.schedule\.cron: /,
      },
      {
        name: 'a kind of ours that does not exist',
        text: () => policy().replace('kind: ImagePolicy', 'kind: ImagePolizei'),
        says: /^policy\.yaml:2:\d+: error: .*ImagePolizei/,
      },
      {
        name: 'an API version that does not exist',
        text: () => policy().replace('v1alpha1', 'v9'),
        says: /^policy\.yaml:1:\d+: error: .*v9/,
      },
      {
        name: 'an alias bomb',
        text: () => `${aliasBomb()}${policy(['insecure: true', 'filterTags: *i'])}`,
        says: /^policy\.yaml:\d+:\d+: error: .*alias/i,
      },
      {
        name: 'a policy that is there twice',
        text: () => `${policy()}---\n${policy()}`,
        says: /^policy\.yaml:\d+:\d+: error: .*(twice|more than once|already)/,
      },
    ])('for $name', async ({ text, says }) => {
      prepare({ 'policy.yaml': text(), 'web.yaml': web() });
      const { stderr, ...outcome } = await run([command, '.']);
      expect(stderr).toMatch(says);
      expect(stderr).toMatch(ONE_LINE);
      expect(outcome).toEqual({
        code: command === 'update' ? 2 : 1,
        stdout: '',
        changed: [],
        inTime: true,
      });
    });
  });

  it('such as a catastrophic pattern is answered at once', async () => {
    prepare({
      'policy.yaml': policy(['insecure: true', 'filterTags: {pattern: "^(a+)+$"}']),
      'web.yaml': web(),
    });
    const { stdout, ...outcome } = await run(['update', '.']);
    expect(outcome).toEqual({ code: 0, stderr: '', changed: [], inTime: true });
    expect(stdout).toMatch(/^held web\.yaml:11 \(apps\/web\): none of the 3 tags is allowed: /);
  });

  describe.each([
    { command: 'update', code: 0, severity: 'warning' },
    { command: 'validate', code: 1, severity: 'error' },
  ])('such as a marker for an unknown policy', ({ command, code, severity }) => {
    it(`is a matter of exit code ${code} for ${command}`, async () => {
      prepare({
        'policy.yaml': policy(),
        'web.yaml': web().replace('apps:web', 'prod:web'),
      });
      const { stderr, ...outcome } = await run([command, '.']);
      expect(outcome).toMatchObject({ code, changed: [], inTime: true });
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toMatch(
        /^web\.yaml:11:\d+: (warning|error): marker names ImagePolicy prod\/web, .*; did you mean apps:web\?\n$/,
      );
      expect(stderr).toContain(`: ${severity}: `);
    });
  });

  it('such as an alias bomb beside a marker costs nothing', async () => {
    prepare({ 'policy.yaml': policy(), 'web.yaml': `${aliasBomb()}${web()}` });
    const outcome = await run(['update', '.']);
    const changed = [stage.path('repo/web.yaml')];
    expect(outcome).toMatchObject({ code: 0, stderr: '', changed, inTime: true });
  });

  describe.each(['update', 'validate'])(
    'in a file is told by %s, which goes on with the others',
    (command) => {
      it.each<{ name: string; path?: string; content: () => string | Uint8Array; says: RegExp }>([
        {
          name: 'no YAML behind a marker',
          content: () => `${web()}\n}: {[\n`,
          says: /^bad\.yaml:\d+:\d+: error: /,
        },
        {
          name: 'Latin-1',
          content: () => Buffer.from(`# caf\xe9\n${web()}`, 'latin1'),
          says: /^bad\.yaml: error: not UTF-8 text; save it as UTF-8\n$/,
        },
        {
          name: '50 MB of YAML',
          content: () =>
            Buffer.concat([Buffer.from(web()), Buffer.alloc(50 * 1024 ** 2, '# filler\n')]),
          says: /^bad\.yaml: error: larger than 32 MiB; not read\. Split it, or leave it out with spec\.update\.paths\n$/,
        },
        {
          name: 'brackets without end',
          content: () => `${'['.repeat(200_000)} # {"$imagepolicy": "apps:web"}\n`,
          says: /^bad\.yaml:\d+:\d+: error: /,
        },
        {
          name: 'a marker that is no JSON',
          content: () => web().replace('"}', ''),
          says: /^bad\.yaml:11:\d+: error: the marker is not one JSON object, such as /,
        },
      ])('such as $name', async ({ content, says }) => {
        prepare({ 'policy.yaml': policy(), 'bad.yaml': content(), 'web.yaml': web() });
        const { stderr, ...outcome } = await run([command, '.']);
        expect(stderr).toMatch(says);
        expect(stderr).toMatch(ONE_LINE);
        const changed = command === 'update' ? [stage.path('repo/web.yaml')] : [];
        expect(outcome).toMatchObject({ code: 1, changed, inTime: true });
      });

      it('such as a link out of the repo, which nobody follows', async () => {
        stage.write({ 'outside/secret.yaml': web() });
        prepare({ 'policy.yaml': policy(), 'web.yaml': web() });
        symlinkSync('../outside/secret.yaml', stage.path('repo/link.yaml'));
        const outside = snapshot(stage.path('outside'));
        const { stderr, ...outcome } = await run([command, '.']);
        expect(stderr).toMatch(
          /^link\.yaml: error: symbolic link to a place outside the repo; .*\n$/,
        );
        const changed = command === 'update' ? [stage.path('repo/web.yaml')] : [];
        expect(outcome).toMatchObject({ code: 1, changed });
        expect(changedFiles(outside, snapshot(stage.path('outside')))).toEqual([]);
      });
    },
  );
});

/** One line without a stack trace. */
const ONE_LINE = /^(?!.*\n[^])(?!.* {4}at )[^\n]+\n$/;

/** Nine levels of ten aliases each ("billion laughs"). */
function aliasBomb(): string {
  const levels = 'a b c d e f g h i'.split(' ').map((name, n, all) => {
    const item = n === 0 ? '"lol"' : `*${all[n - 1]}`;
    return `${name}: &${name} [${Array.from({ length: 10 }, () => item).join(', ')}]`;
  });
  return lines(...levels);
}
