import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { startLoopback, type Loopback } from '../support/registry/loopback.ts';
import { deploymentText, policyText } from '../support/texts.ts';
import { openStage, type Stage } from './stage.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');
const TEST_TIMEOUT_MS = 60_000;

/** Folders of the repo, each with files that hold nothing of ours. */
const FOLDERS = 30;

describe.skipIf(!canRun)(
  'update --repo with what the last run left behind',
  { timeout: TEST_TIMEOUT_MS },
  () => {
    let stage: Stage;
    let server: GitHttpServer;
    let registry: Loopback;
    let remote: RemoteRepo;
    let tags: string[];
    afterEach(async () => {
      await Promise.all([stage.close(), server.close(), registry.close()]);
    });

    const start = async () => {
      stage = openStage();
      tags = ['1.0.0'];
      registry = await startLoopback(() => ({ body: { tags } }));
      remote = createRemote(stage.path('remotes', 'config.git'));
      server = await startGitHttpServer({ root: stage.path('remotes') });
      const image = `${registry.host}/team/app`;
      const unmarked = Array.from({ length: FOLDERS * 10 }, (_, index) => [
        `apps/${index % FOLDERS}/${index}.yaml`,
        deploymentText(`example.com/other:1.${index}.0`, { marker: '' }),
      ]);
      remote.commit({
        ...Object.fromEntries(unmarked),
        'web.yaml': deploymentText(`${image}:1.0.0`, { marker: 'apps:app' }),
        'policy.yaml': policyText('app', image, 'insecure: true'),
      });
      logGit(stage);
    };

    /** One run. @returns how many files it changed, and the commands of `git` that it ran, in order */
    const update = async () => {
      const log = stage.path('git.log');
      writeFileSync(log, '');
      server.log.length = 0;
      const PATH = [stage.path('bin'), process.env['PATH']].join(delimiter);
      const args = ['update', '--repo', server.url('config.git'), '--git-engine', 'native'];
      const result = await stage.run([...args, '--output', 'json'], { env: { PATH } });
      expect(result).toMatchObject({ code: 0, stderr: '' });
      const { changes } = JSON.parse(result.stdout) as { changes: readonly unknown[] };
      return { changed: changes.length, git: readFileSync(log, 'utf8').trim().split('\n') };
    };

    it('lists refs and asks the registry where nothing is new: no object is looked at', async () => {
      await start();
      expect((await update()).git).toContain('fetch');
      expect(await update()).toEqual({ changed: 0, git: ['--version', 'ls-remote'] });
      expect(server.log.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(600);
      expect(registry.requests).toHaveLength(2);
    });

    it('compares trees where a person pushed, and lists none', async () => {
      await start();
      await update();
      remote.commit({ 'apps/7/new.yaml': 'a: b\n', 'apps/8/8.yaml': null });
      const looks = ['--version', 'ls-remote', 'rev-list', 'fetch', 'diff-tree'];
      const reads = ['cat-file', 'cat-file'];
      expect(await update()).toEqual({ changed: 0, git: [...looks, ...reads] });
      expect(await update()).toEqual({ changed: 0, git: ['--version', 'ls-remote'] });
    });

    it('looks up the file that it writes, and lists no tree', async () => {
      await start();
      await update();
      tags.push('1.1.0');
      const { changed, git } = await update();
      expect(changed).toBe(1);
      expect(git.filter((command) => command === 'ls-tree -r')).toEqual([]);
      // Of a first look through history some are for its commits.
      expect(git.length).toBeLessThanOrEqual(16);
      expect((await update()).changed).toBe(0);
      expect(await update()).toEqual({ changed: 0, git: ['--version', 'ls-remote'] });
    });
  },
);

/** Puts a `git` on the path that writes down each command before it becomes the real one. */
function logGit(stage: Stage): void {
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  mkdirSync(stage.path('bin'));
  const file = join(stage.path('bin'), 'git');
  const script = [
    '#!/bin/sh',
    'command=$1',
    // Options of git itself come before the command.
    'for word; do case $word in --git-dir=*|--literal-pathspecs) ;; *) command=$word; break ;; esac; done',
    'case "$command $*" in "ls-tree "*" -r "*) command="ls-tree -r" ;; esac',
    `echo "$command" >> '${stage.path('git.log')}'`,
    `exec '${real}' "$@"`,
  ];
  writeFileSync(file, `${script.join('\n')}\n`);
  chmodSync(file, 0o755);
}
