import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../support/captured-io.ts';
import { startLoopback, type Loopback } from '../support/registry/loopback.ts';
import { deploymentText, policyText } from '../support/texts.ts';

const ESC = '\u001b';
let registry: Loopback;
let dir: string;
let status = 200;

beforeAll(async () => {
  registry = await startLoopback(() => ({ status, body: { name: 'web', tags: ['1.0', '1.1'] } }));
});
afterAll(() => registry.close());
beforeEach(() => {
  status = 200;
  dir = mkdtempSync(join(tmpdir(), 'lockkeeper-cli-'));
  write('policy.yaml', policyText('web', image(), 'insecure: true', 'policy: {alphabetical: {}}'));
  write('web.yaml', web('1.0'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const image = () => `${registry.host}/web`;
const web = (tag: string, annotations: readonly string[] = []) =>
  deploymentText(`${image()}:${tag}`, { marker: 'apps:web', annotations });
const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
const read = (name: string) => readFileSync(join(dir, name), 'utf8');

describe('update', () => {
  it('edits and tells what moved; the next one has nothing to do', async () => {
    expect(await run(['update', dir])).toEqual({
      code: 0,
      out: `updated web.yaml:11 ${image()} 1.0 -> 1.1 (apps/web)\n`,
      err: '',
    });
    expect(read('web.yaml')).toBe(web('1.1'));
    expect(await run(['update', dir])).toEqual({
      code: 0,
      out: 'nothing to do: 1 location checked\n',
      err: '',
    });
  });

  it('prints a diff alone on stdout in a dry run', async () => {
    const { code, out, err } = await run(['update', dir, '--dry-run']);
    expect(code).toBe(0);
    expect(err).toBe(`would update web.yaml:11 ${image()} 1.0 -> 1.1 (apps/web)\n`);
    expect(out).toMatch(/^--- a\/web\.yaml\n\+\+\+ b\/web\.yaml\n@@ -8,4 \+8,4 @@\n/);
    expect(out.split('\n').filter((line) => /^[-+][^-+]/.test(line))).toHaveLength(2);
    expect(read('web.yaml')).toBe(web('1.0'));
  });

  it('colours the diff only where colours are wanted', async () => {
    expect((await run(['update', dir, '--dry-run'])).out).not.toContain(ESC);
    const { out } = await run(['update', dir, '--dry-run'], { colors: true });
    expect(out.split('\n').map((line) => line.startsWith(ESC))).toContain(true);
    const json = await run(['update', dir, '--dry-run', '-o', 'json'], { colors: true });
    expect(json.out).not.toContain(ESC);
  });

  it('gives one JSON document', async () => {
    const dry = JSON.parse((await run(['update', dir, '--dry-run', '-o', 'json'])).out) as object;
    expect(dry).toMatchObject({ diff: expect.stringContaining('+++ b/web.yaml') as string });
    const { code, out, err } = await run(['update', dir, '-o', 'json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      branches: [],
      pullRequests: [],
      changes: [
        {
          policy: 'apps/web',
          image: image(),
          from: '1.0',
          to: '1.1',
          path: 'web.yaml',
          line: 11,
          resource: 'Deployment apps/web',
          object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'apps', name: 'web' },
          locked: false,
          fields: [{ part: 'reference', line: 11, from: `${image()}:1.0`, to: `${image()}:1.1` }],
        },
      ],
      held: [],
      policies: [
        {
          policy: 'apps/web',
          image: image(),
          state: 'selected',
          latest: '1.1',
          locations: { total: 1, changed: 1, held: 0 },
        },
      ],
      findings: [],
      commits: [],
    });
  });

  it('ends with 1 when a policy fails, and says where', async () => {
    status = 403;
    const { code, out, err } = await run(['update', dir]);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^held web\.yaml:11 \(apps\/web\): .*\nnothing to do: 1 location checked\n$/,
    );
    expect(err).toMatch(/^policy\.yaml:1:1: error: ImagePolicy apps\/web: .*\n$/);
    expect(read('web.yaml')).toBe(web('1.0'));
  });

  it('ends with 2 when a resource is invalid, naming every fault by its place', async () => {
    write('bad.yaml', policyText('bad', 'nginx', 'intervall: 5m', 'timeout: soon'));
    const { code, out, err } = await run(['update', dir]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split('\n')).toEqual([
      expect.stringMatching(/^bad\.yaml:7:3: error: spec\.intervall: /),
      expect.stringMatching(/^bad\.yaml:8:12: error: spec\.timeout: /),
      '',
    ]);
    expect(registry.requests.filter(({ url }) => url.includes('nginx'))).toEqual([]);
  });

  it.each([
    { name: 'no policy', remove: true, says: 'nothing to do: no ImagePolicy applies\n' },
    {
      name: 'no marker',
      remove: false,
      says: 'nothing to do: no field belongs to these policies; mark one, take --strategy Images, or check the paths\n',
    },
  ])('explains why there is nothing to do: $name', async ({ remove, says }) => {
    if (remove) rmSync(join(dir, 'policy.yaml'));
    write('web.yaml', deploymentText(undefined, { marker: '' }));
    expect(await run(['update', dir])).toEqual({ code: 0, out: says, err: '' });
  });

  it('mentions a marker for a policy that is not there, and ends with 0', async () => {
    write('other.yaml', deploymentText(undefined, { marker: 'prod:web' }));
    const { code, err } = await run(['update', dir]);
    expect(code).toBe(0);
    expect(err).toBe(
      'other.yaml:11:18: warning: marker names ImagePolicy prod/web, which is not among the policies; did you mean apps:web?\n',
    );
  });

  it('tells what is held, and by whom, on one line whatever the words are', async () => {
    write(
      'web.yaml',
      web('1.0', ['lockkeeper.dev/lock: "true"', 'lockkeeper.dev/lock-by: "a\\nb\\e[31m"']),
    );
    const { out } = await run(['update', dir]);
    expect(out).toBe(
      'held web.yaml:14 (apps/web): locked at 1.0 by a b [31m\nnothing to do: 1 location checked\n',
    );
  });

  it('shows progress only to those who watch, and takes it away again', async () => {
    const { err } = await run(['update', dir], { interactive: true });
    expect(err).toBe('');
  });
});

describe('validate', () => {
  it('finds no fault in what is right', async () => {
    expect(await run(['validate', dir])).toEqual({ code: 0, out: 'no faults found\n', err: '' });
  });

  it('prints faults by place and ends with 1', async () => {
    write('bad.yaml', 'a: [\n');
    write('other.yaml', deploymentText(undefined, { marker: 'prod:web' }));
    const { code, out, err } = await run(['validate', dir]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.split('\n')).toEqual([
      expect.stringMatching(/^bad\.yaml:2:1: error: /),
      expect.stringMatching(/^other\.yaml:11:18: error: marker names ImagePolicy prod\/web/),
      '',
    ]);
  });

  it('ends with 0 when there are only warnings', async () => {
    write('template.yaml', '{{ if .x }}\na: b\n');
    const { code, err } = await run(['validate', dir]);
    expect(code).toBe(0);
    expect(err).toMatch(/^template\.yaml:\d+:\d+: warning: .*looks like a template.*\n$/);
  });

  it('gives one JSON document', async () => {
    write('bad.yaml', 'a: [\n');
    const { code, out, err } = await run(['validate', dir, '-o', 'json']);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    const { findings } = JSON.parse(out) as { findings: readonly object[] };
    expect(findings).toMatchObject([
      {
        severity: 'error',
        code: 'manifest/unparsable',
        at: { path: 'bad.yaml', line: 2, column: 1 },
      },
    ]);
  });

  it('takes policies from elsewhere', async () => {
    const elsewhere = join(dir, '..', `${dir.split('/').at(-1)}-policies`);
    cpSync(dir, elsewhere, { recursive: true });
    rmSync(join(dir, 'policy.yaml'));
    expect((await run(['validate', dir])).code).toBe(1);
    expect((await run(['validate', dir, '--policies', elsewhere])).code).toBe(0);
    rmSync(elsewhere, { recursive: true });
  });
});

describe('lock, locks and unlock', () => {
  const lock = (...argv: readonly string[]) => run(['lock', 'Deployment/web', dir, ...argv]);

  it('lock, list and unlock again', async () => {
    const locked = await lock('-n', 'apps', '--tag', '1.0', '--by', 'ana', '--reason', 'leaks');
    expect(locked).toMatchObject({ code: 0, err: '' });
    expect(locked.out).toMatch(
      /^--- a\/web\.yaml\n[^]*\nlocked Deployment apps\/web in web\.yaml\n$/,
    );
    expect((await lock('--tag', '1.0', '--by', 'ana', '--reason', 'leaks')).out).toBe(
      'Deployment apps/web is locked already\n',
    );

    const { out } = await run(['locks', dir]);
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['LOCKED', 'TAG', 'BY', 'UNTIL', 'STATE', 'WHERE', 'REASON'],
      [
        'Deployment apps/web',
        '1.0',
        'ana',
        '-',
        'locked',
        expect.stringMatching(/^web\.yaml:\d+:\d+$/),
        'leaks',
      ],
      [''],
    ]);

    const unlocked = await run(['unlock', 'Deployment/web', dir]);
    expect(unlocked.out).toMatch(/\nunlocked Deployment apps\/web in web\.yaml\n$/);
    expect(read('web.yaml')).toBe(web('1.0'));
    expect(await run(['locks', dir])).toEqual({ code: 0, out: 'nothing is locked\n', err: '' });
    expect(await run(['unlock', 'Deployment/web', dir])).toEqual({
      code: 1,
      out: '',
      err: 'web.yaml: error: Deployment web is not locked\n',
    });
  });

  it('write nothing in a dry run', async () => {
    const { code, out } = await lock('--dry-run');
    expect(code).toBe(0);
    expect(out).toMatch(/\nwould lock Deployment apps\/web in web\.yaml\n$/);
    expect(read('web.yaml')).toBe(web('1.0'));
  });

  it('give one JSON document each', async () => {
    const { out } = await lock('--tag', '1.0', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      action: 'lock',
      target: 'Deployment apps/web',
      path: 'web.yaml',
      tag: '1.0',
      changed: true,
      diff: expect.stringContaining('+++ b/web.yaml') as string,
    });
    const { locks } = JSON.parse((await run(['locks', dir, '-o', 'json'])).out) as {
      locks: object[];
    };
    expect(locks).toMatchObject([{ scope: 'workload', tag: '1.0', expired: false }]);
  });

  it('takes who locks from the environment', async () => {
    await run(['lock', 'ImagePolicy/web', dir], { env: { USER: 'bob' } });
    expect((await run(['locks', dir])).out).toMatch(
      /\nImagePolicy apps\/web {2}\(as it is\) {2}bob /,
    );
  });

  it.each([
    { until: '2099-12-31T18:00:00Z', want: /^2099-12-31T18:00:00Z$/ },
    { until: '2099-12-31T18:00:00+02:00', want: /^2099-12-31T18:00:00\+02:00$/ },
    { until: '30d', want: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ },
    { until: '1h30m', want: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ },
  ])('takes --until $until', async ({ until, want }) => {
    const { code, out } = await lock('--until', until, '-o', 'json');
    expect(code).toBe(0);
    expect((JSON.parse(out) as { until: string }).until).toMatch(want);
  });

  it.each([
    { argv: ['--until', 'tomorrow'], says: /^error: --until "tomorrow" is no time; / },
    { argv: ['--until', '2099-13-31T18:00:00Z'], says: /is no time; / },
    { argv: ['--until', '2099-12-31'], says: /is no time; / },
    { argv: ['--until', '99999999999999h'], says: /is no time; / },
    { argv: ['--until', '0d'], says: /is no time; / },
    { argv: ['--tag', 'not a tag'], says: /^error: --tag "not a tag" is no tag: / },
    { argv: ['--tag', 'true'], says: /^error: / },
    { argv: ['--reason', 'a\nb'], says: /^error: --reason must be a single line\n$/ },
    { argv: ['--by', 'a\rb'], says: /^error: --by must be a single line\n$/ },
  ])('refuses $argv', async ({ argv, says }) => {
    const { code, out, err } = await lock(...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(says);
    expect(read('web.yaml')).toBe(web('1.0'));
  });

  it('refuses a place that is none', async () => {
    const { code, err } = await run(['lock', 'nonsense', dir]);
    expect(code).toBe(2);
    expect(err).toMatch(/^error: "nonsense" names no place; give KIND\/NAME .*\n$/);
  });

  it('ends with 1 for a place that is not there', async () => {
    expect(await run(['lock', 'Deployment/none', dir])).toEqual({
      code: 1,
      out: '',
      err: 'error: there is no Deployment none here; check kind, name and -n\n',
    });
  });
});

describe('crds', () => {
  it('prints all definitions', async () => {
    const { code, out } = await run(['crds']);
    expect(code).toBe(0);
    expect(out.match(/^kind: CustomResourceDefinition$/gm)).toHaveLength(3);
  });

  it('writes them into a folder', async () => {
    const { code, out } = await run(['crds', '--out', join(dir, 'crds')]);
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(read('crds/lockkeeper.dev_imagepolicies.yaml')).toContain('plural: imagepolicies');
  });
});
