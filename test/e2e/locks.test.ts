import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, git, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { deployment, imagePolicy, lines } from './resources.ts';
import { changedFiles, createCheckout, openStage, snapshot, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** What may be locked; all name the same field. */
const PLACES = [
  {
    level: 'a workload',
    place: 'Deployment/web',
    scope: 'workload',
    target: 'Deployment apps/web',
  },
  { level: 'a policy', place: 'imagepolicy/web', scope: 'policy', target: 'ImagePolicy apps/web' },
  { level: 'a field', place: 'apps/web.yaml:11', scope: 'field', target: 'apps/web.yaml:11' },
] as const;

/** A config repo in the middle of its life: 1.1.0 runs, and is the newest. */
interface ConfigRepo {
  readonly registry: TagServer;
  /** What a command works on: a folder, or `--repo URL`. */
  readonly target: readonly string[];
  /** Commands that write to a folder commit only when told so. */
  readonly commit: readonly string[];
  manifest(): string;
  /** Subjects of all commits but the first, oldest first. */
  subjects(): readonly string[];
}

describe.skipIf(!hasTool('git-http-backend'))('a lock', () => {
  let stage: Stage;
  let server: GitHttpServer;
  const registries: TagServer[] = [];
  let count = 0;
  beforeAll(async () => {
    stage = openStage();
    server = await startGitHttpServer({ root: stage.path('remotes') });
  });
  afterAll(async () => {
    await stage.close();
    await server.close();
    await Promise.all(registries.map((registry) => registry.close()));
  });

  async function configRepo(kind: 'DIR' | '--repo'): Promise<ConfigRepo> {
    const registry = await startTagServer({ web: ['1.0.0', '1.1.0'] });
    registries.push(registry);
    const files = {
      'apps/web.yaml': deployment(`${registry.image('web')}:1.1.0`),
      'policies/web.yaml': imagePolicy({ image: registry.image('web') }),
    };
    const name = `config-${++count}`;
    if (kind === '--repo') return remoteRepo(registry, name, files);
    const path = stage.path(name);
    createCheckout(path, files);
    return {
      registry,
      target: [name],
      commit: ['--commit'],
      manifest: () => readFileSync(`${path}/apps/web.yaml`, 'utf8'),
      subjects: () => subjectsOf((...args) => git(path, args)),
    };
  }

  function remoteRepo(
    registry: TagServer,
    name: string,
    files: Readonly<Record<string, string>>,
  ): ConfigRepo {
    const remote: RemoteRepo = createRemote(stage.path(`remotes/${name}.git`));
    remote.commit(files);
    return {
      registry,
      target: ['--repo', server.url(`${name}.git`)],
      commit: [],
      manifest: () => remote.read('apps/web.yaml'),
      subjects: () => subjectsOf((...args) => remote.git(...args)),
    };
  }

  describe.each(['DIR', '--repo'] as const)('in %s', (kind) => {
    it.each(PLACES)(
      'on $level holds and returns to its tag, and after unlock it moves on',
      async ({ place, scope, target }) => {
        const repo = await configRepo(kind);
        const run = async (...args: readonly string[]) => {
          const result = await stage.run(args);
          expect(result).toMatchObject({ code: 0, stderr: '' });
          return result.stdout;
        };
        const update = () => run('update', ...repo.target, ...repo.commit);
        const why = ['--by', 'ana', '--reason', 'the "new" one: leaks # memory'];

        await run(
          'lock',
          place,
          '--tag',
          '1.0.0',
          ...why,
          '--until',
          '30d',
          ...repo.target,
          ...repo.commit,
        );
        await update();
        expect(repo.manifest()).toContain('/team/web:1.0.0 # {');
        repo.registry.push('web', '1.2.0');
        expect(await update()).toMatch(
          /^held apps\/web\.yaml:\d+ \(apps\/web\): locked at 1\.0\.0 by ana until \S+ \(the "new" one: leaks # memory\)\n/,
        );

        const listed = JSON.parse(await run('locks', ...repo.target, '-o', 'json')) as object;
        expect(listed).toMatchObject({
          locks: [
            {
              scope,
              target,
              tag: '1.0.0',
              by: 'ana',
              expired: false,
              reason: 'the "new" one: leaks # memory',
              until: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
            },
          ],
        });
        expect(await run('locks', ...repo.target)).toMatch(
          /^LOCKED +TAG +BY +UNTIL +STATE +WHERE +REASON\n.+ 1\.0\.0 +ana +20\S+Z +locked .*memory\n$/,
        );

        await run('unlock', place, ...repo.target, ...repo.commit);
        expect(await run('locks', ...repo.target)).toBe('nothing is locked\n');
        await update();
        expect(repo.manifest()).toBe(deployment(`${repo.registry.image('web')}:1.2.0`));
        expect(repo.subjects()).toEqual([
          `Lock ${target} at 1.0.0`,
          'Return web to 1.0.0',
          `Unlock ${target}`,
          'Update web to 1.2.0',
        ]);
      },
    );

    it('lifts by itself at its time, by one commit', async () => {
      const repo = await configRepo(kind);
      const seconds = 6;
      const until = new Date(Date.now() + seconds * 1_000).toISOString();
      const lock = ['lock', 'Deployment/web', '--until', until, ...repo.target, ...repo.commit];
      expect(await stage.run(lock)).toMatchObject({ code: 0, stderr: '' });
      repo.registry.push('web', '1.2.0');
      const update = () => stage.run(['update', ...repo.target, ...repo.commit]);
      expect((await update()).stdout).toContain('locked at 1.1.0');
      await delay(Date.parse(until) - Date.now());
      await update();
      await update();
      expect(repo.subjects().slice(1)).toEqual(['Update web to 1.2.0']);
      const { stdout } = await stage.run(['locks', ...repo.target]);
      expect(stdout).toMatch(/ expired /);
    });

    it('on a tag that the registry lacks changes nothing, and says so', async () => {
      const repo = await configRepo(kind);
      await stage.run(['lock', 'Deployment/web', '--tag', '9.9.9', ...repo.target, ...repo.commit]);
      const { code, stdout, stderr } = await stage.run(['update', ...repo.target, ...repo.commit]);
      const message = `locked at 9.9.9, but ${repo.registry.image('web')} has no such tag; the field stays as it is`;
      expect(code).toBe(1);
      expect(stderr).toMatch(/^apps\/web\.yaml:\d+:\d+: error: /);
      expect(stderr).toContain(message);
      expect(stdout).toContain(message);
      expect(repo.manifest()).toContain('/team/web:1.1.0 #');
      expect(repo.subjects()).toEqual(['Lock Deployment apps/web at 9.9.9']);
    });
  });

  it.each([
    {
      name: 'a kind and name that stand in two places',
      args: ['lock', 'Deployment/twin'],
      code: 1,
      says: /^error: Deployment twin is there more than once: a\.yaml .*, b\.yaml .*; narrow it with -n NAMESPACE, or lock FILE:LINE\n$/,
    },
    {
      name: 'a workload that is not there',
      args: ['lock', 'Deployment/none'],
      code: 1,
      says: /^error: there is no Deployment none here; check kind, name and -n\n$/,
    },
    {
      name: 'a workload of another namespace',
      args: ['lock', 'Deployment/web', '-n', 'prod'],
      code: 1,
      says: /^error: there is no Deployment prod\/web here; /,
    },
    {
      name: 'a line without a marker',
      args: ['lock', 'web.yaml:3'],
      code: 1,
      says: /^web\.yaml:3: error: no marked field on this line; /,
    },
    {
      name: 'a file that is not there',
      args: ['lock', 'none.yaml:3'],
      code: 1,
      says: /^error: there is no none\.yaml:3 here; /,
    },
    {
      name: 'no place at all',
      args: ['lock', 'web'],
      code: 2,
      says: /^error: "web" names no place; give KIND\/NAME .* or FILE:LINE\n$/,
    },
    {
      name: 'a time that is none',
      args: ['lock', 'Deployment/web', '--until', 'tomorrow'],
      code: 2,
      says: /^error: --until "tomorrow" is no time; give 20\S+Z, or a duration such as 12h or 30d\n$/,
    },
    {
      name: 'a time without seconds',
      args: ['lock', 'Deployment/web', '--until', '2030-01-01T12:00Z'],
      code: 2,
      says: /^error: --until "2030-01-01T12:00Z" is no time; /,
    },
    {
      name: 'a tag that is none',
      args: ['lock', 'Deployment/web', '--tag', 'a b'],
      code: 2,
      says: /^error: --tag "a b" is no tag: /,
    },
    {
      name: 'a reason of two lines',
      args: ['lock', 'Deployment/web', '--reason', 'a\nb'],
      code: 2,
      says: /^error: --reason must be a single line\n$/,
    },
    {
      name: 'unlocking what is not locked',
      args: ['unlock', 'Deployment/web'],
      code: 1,
      says: /^web\.yaml: error: Deployment web is not locked\n$/,
    },
  ])('is refused for $name', async ({ args, code, says }) => {
    const twin = (namespace: string) =>
      deployment('x.test/team/twin:1', 'twin').replace(
        'namespace: apps',
        `namespace: ${namespace}`,
      );
    stage.write({
      'bad/a.yaml': twin('a'),
      'bad/b.yaml': twin('b'),
      'bad/web.yaml': deployment('x.test/team/web:1'),
      'bad/template.yaml': lines('{{ if }}', 'name: web'),
    });
    const before = snapshot(stage.path('bad'));
    const { stderr, ...result } = await stage.run([...args, 'bad']);
    expect(result).toEqual({ code, stdout: '' });
    expect(stderr).toMatch(says);
    expect(changedFiles(before, snapshot(stage.path('bad')))).toEqual([]);
  });

  it('that ended before it began is written, with a word of warning', async () => {
    stage.write({ 'past/web.yaml': deployment('x.test/team/web:1') });
    const until = '2020-01-01T00:00:00Z';
    const result = await stage.run(['lock', 'Deployment/web', '--until', until, 'past']);
    expect(result).toMatchObject({
      code: 0,
      stderr: `warning: --until ${until} is past, so that the lock holds nothing\n`,
    });
  });
});

function subjectsOf(run: (...args: readonly string[]) => string): readonly string[] {
  return run('log', '--reverse', '--format=%s', 'main').split('\n').slice(1);
}
