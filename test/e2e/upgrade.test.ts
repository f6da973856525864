import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUNDLE } from '../support/cli.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

describe.skipIf(!hasTool('git-http-backend'))('files that an upgrade takes away', () => {
  let stage: Stage;
  let registry: TagServer;
  let server: GitHttpServer;
  beforeEach(async () => {
    stage = openStage();
    registry = await startTagServer({ web: ['1.0.0', '1.1.0'] });
    server = await startGitHttpServer({ root: stage.path('remotes') });
  });
  afterEach(async () => {
    await stage.close();
    await server.close();
    await registry.close();
  });

  it.each(['native', 'isomorphic'])(
    'are not missed by a service that was idle until then, with %s Git',
    async (engine) => {
      const remote = createRemote(stage.path('remotes/config.git'));
      remote.commit({ 'web.yaml': deployment(`${registry.image('web')}:1.0.0`) });
      stage.write({
        'config/automation.yaml': automation(
          [`url: ${server.url('config.git')}`],
          ['suspend: true'],
        ),
      });
      cpSync(dirname(BUNDLE), stage.path('installed'), { recursive: true });
      const program = stage.path('installed/lockkeeper.js');
      const args = `run --standalone --config config --listen 127.0.0.1:0 --git-engine ${engine}`;
      const service = spawn(process.execPath, [program, ...args.split(' ')], {
        cwd: stage.folder,
        env: { PATH: process.env['PATH'], ...stage.env },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      try {
        let log = '';
        service.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
        await until('it is ready', () => log.includes('resources loaded'));
        rmSync(stage.path('installed'), { recursive: true });
        stage.write({
          'config/web.yaml': imagePolicy({ image: registry.image('web') }),
          'config/automation.yaml': automation([`url: ${server.url('config.git')}`]),
        });
        await until('it commits', () => remote.read('web.yaml').includes(':1.1.0 #'));
        expect(log).not.toContain('Cannot find module');
      } finally {
        const ended = once(service, 'exit');
        service.kill('SIGTERM');
        await ended;
      }
    },
  );
});
