import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, git, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** A config repo whose field the bot has moved to 1.1.0. */
interface Moved {
  readonly registry: TagServer;
  readonly remote: RemoteRepo;
  /** Runs one pass. @returns what it said of the field that stays, or of the commit */
  scan(...args: readonly string[]): Promise<string>;
  tag(): string | undefined;
  /** What a command says; it must succeed. */
  run(...args: readonly string[]): Promise<string>;
  /** Works in a clone and pushes, as a person does. */
  byPerson(work: (clone: (...args: readonly string[]) => string) => void): string;
}

describe.skipIf(!hasTool('git-http-backend')).each(['native', 'isomorphic'])(
  'a person takes a change back (%s)',
  (engine) => {
    let stage: Stage;
    let server: GitHttpServer;
    const registries: TagServer[] = [];
    let count = 0;
    beforeAll(async () => {
      stage = openStage({ LOCKKEEPER_GIT_ENGINE: engine, USER: 'ana' });
      server = await startGitHttpServer({ root: stage.path('remotes') });
    });
    afterAll(async () => {
      await stage.close();
      await server.close();
      await Promise.all(registries.map((registry) => registry.close()));
    });

    async function moved(...spec: readonly string[]): Promise<Moved> {
      const registry = await startTagServer({ web: ['1.0.0', '1.1.0'] });
      registries.push(registry);
      const name = `config-${(count += 1)}`;
      const remote = createRemote(stage.path(`remotes/${name}.git`));
      const url = server.url(`${name}.git`);
      remote.commit({
        'apps/web.yaml': deployment(`${registry.image('web')}:1.0.0`),
        'policy.yaml': imagePolicy({ image: registry.image('web') }),
        'automation.yaml': automation([`url: ${url}`], ['interval: 1m', ...spec]),
      });
      const run = async (...args: readonly string[]) => {
        const { code, stdout, stderr } = await stage.run([...args, '--repo', url]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        return stdout;
      };
      const scan = async (...args: readonly string[]) => run('update', ...args);
      await scan();
      expect(remote.read('apps/web.yaml')).toContain(':1.1.0 #');
      return {
        registry,
        remote,
        scan,
        run,
        tag: () => /web:(\S+) #/.exec(remote.read('apps/web.yaml'))?.[1],
        byPerson: (work) => {
          const clone = stage.path(`clone-${(count += 1)}`);
          git(stage.folder, ['clone', '--quiet', remote.path, clone]);
          work((...args) => git(clone, args));
          git(clone, ['push', '--quiet', 'origin', 'main']);
          return git(clone, ['rev-parse', '--short=12', 'HEAD']);
        },
      };
    }

    const revert = (repo: Moved) => repo.byPerson((clone) => clone('revert', '--no-edit', 'HEAD'));

    it('and three scans later the field still holds the old tag; the next newer tag passes once', async () => {
      const repo = await moved();
      const commit = revert(repo);
      const held =
        'held apps/web.yaml:11 (apps/web): held at 1.0.0: Human <human@example.com> moved it away ' +
        `from 1.1.0 in ${commit}; until there is a tag newer than 1.1.0\n`;
      for (let scans = 0; scans < 3; scans += 1) expect(await repo.scan()).toContain(held);
      expect(repo.tag()).toBe('1.0.0');
      const json = JSON.parse(await repo.scan('-o', 'json')) as { held: object[] };
      expect(json.held).toMatchObject([
        { reason: 'Held', choice: '1.1.0', hold: { rejected: '1.1.0' } },
      ]);
      expect(await repo.run('locks')).toMatch(
        /nothing is locked\n\nHELD +AT +REFUSED +BY +WHEN +IN +WHERE\nDeployment apps\/web +1\.0\.0 +1\.1\.0 +Human <human@example\.com> +20\S+Z +[0-9a-f]{12} +apps\/web\.yaml:11\n$/,
      );
      repo.registry.push('web', '1.2.0');
      await repo.scan();
      expect(repo.tag()).toBe('1.2.0');
      revert(repo);
      expect(await repo.scan()).toContain('until there is a tag newer than 1.2.0');
      expect(repo.tag()).toBe('1.0.0');
    });

    it('and under Hold no newer tag passes, not even from a new store, until it is released', async () => {
      const repo = await moved('onRevert: Hold');
      revert(repo);
      repo.registry.push('web', '1.2.0');
      const { stdout } = await stage.run(
        ['update', '--repo', server.url(`config-${count - 1}.git`)],
        { env: { LOCKKEEPER_CACHE_DIR: stage.path(`fresh-${count}`) } },
      );
      expect(stdout).toContain('held at 1.0.0: Human <human@example.com> moved it away from 1.1.0');
      expect(stdout).toContain('until it is released\n');
      expect(repo.tag()).toBe('1.0.0');
      const released = await repo.run(
        'release',
        'Deployment/web',
        '--reason',
        'it was the network',
      );
      expect(released).toMatch(
        /^released apps\/web\.yaml:11 \(apps\/web\): 1\.1\.0 may be written again\ncommit [0-9a-f]{12}\n$/,
      );
      expect(repo.remote.git('log', '-1', '--format=%an%n%B', 'main').trim().split('\n')).toEqual([
        'Lockkeeper',
        'Release Deployment web',
        '',
        'it was the network',
        '',
        'Image-Release: apps/web apps/web.yaml',
        'Release-By: ana',
      ]);
      expect(repo.remote.git('diff', 'main^', 'main')).toBe('');
      await repo.scan();
      expect(repo.tag()).toBe('1.2.0');
      expect(await repo.run('locks')).toBe('nothing is locked\n');
    });

    it('in a merged branch: who took it back is told, not who merged', async () => {
      const repo = await moved();
      repo.byPerson((clone) => {
        clone('switch', '--quiet', '--create', 'rollback');
        clone(
          '-c',
          'user.name=Ben',
          '-c',
          'user.email=ben@example.com',
          'commit',
          '--quiet',
          '--allow-empty',
          '-m',
          'x',
        );
        clone('revert', '--no-edit', 'HEAD^');
        clone('switch', '--quiet', 'main');
        clone('merge', '--quiet', '--no-ff', '-m', 'Merge rollback', 'rollback');
      });
      const subject = repo.remote.git('log', '-1', '--format=%h', '--abbrev=12', 'main^2');
      expect(await repo.scan()).toContain(`moved it away from 1.1.0 in ${subject}`);
    });
  },
);
