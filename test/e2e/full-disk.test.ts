import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE } from '../support/cli.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, GIT_TEST_ENV } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** Mounts need a user namespace of their own, which not every machine lets us make. */
const canMount = spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0;

describe.skipIf(!hasTool('git-http-backend') || !canMount).each(['native', 'isomorphic'])(
  'a cache folder that takes nothing (%s)',
  (engine) => {
    let stage: Stage;
    let server: GitHttpServer;
    let registry: TagServer;
    beforeAll(async () => {
      stage = openStage();
      registry = await startTagServer({ web: ['1.0.0', '1.1.0'] });
      server = await startGitHttpServer({ root: stage.path('remotes') });
      createRemote(stage.path('remotes/config.git')).commit({
        'policy.yaml': imagePolicy({ image: registry.image('web') }),
        'web.yaml': deployment(`${registry.image('web')}:1.0.0`),
        'noise.bin': randomBytes(1_000_000),
      });
      stage.write({ 'cache/.keep': '' });
    });
    afterAll(async () => {
      await stage.close();
      await server.close();
      await registry.close();
    });

    /** An update whose cache is a disk of its own. @param options of the mount */
    const update = (options: string) =>
      new Promise<string>((resolve) => {
        const script = `mount -t tmpfs -o ${options} none cache && exec "$0" "$@"`;
        const command = [process.execPath, BUNDLE, 'update', '--repo', server.url('config.git')];
        const args = ['-rm', 'sh', '-c', script, ...command, '--git-engine', engine];
        const env = { ...GIT_TEST_ENV, LOCKKEEPER_CACHE_DIR: stage.path('cache/lockkeeper') };
        execFile('unshare', args, { cwd: stage.folder, env }, (_, __, stderr) => resolve(stderr));
      });

    it('for it is full, is named with what to do', async () => {
      expect(await update('size=400k')).toMatch(
        /^error: the local Git store failed to [a-z ]+ \(.*no space left on device.*\); make room there, or name another folder by LOCKKEEPER_CACHE_DIR\n$/i,
      );
    });

    it('for it is read-only, is named with what to do', async () => {
      expect(await update('ro')).toMatch(
        /^error: the local Git store failed to open below \S+ \(E.*\); name a folder that can be written to by LOCKKEEPER_CACHE_DIR\n$/,
      );
    });
  },
);
