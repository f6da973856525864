import { setTimeout as delay } from 'node:timers/promises';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CliOptions } from '../support/cli.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, git, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { createCheckout, openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** Enough files that fetching, committing and writing take a while. */
const FILES = 60;
const KILLS = 6;

/** Says who it is when it is to commit, and does not come back. */
const GIT_THAT_NEVER_COMMITS = `#!/bin/sh
case " $* " in
  *" commit "*) echo $$ > "$STAGE/committing"; exec sleep 60 ;;
esac
PATH="\${PATH#*:}" exec git "$@"
`;
const TEST_TIMEOUT_MS = 90_000;

describe.skipIf(!hasTool('git-http-backend'))('kill -9', () => {
  let stage: Stage;
  let registry: TagServer;
  beforeEach(async () => {
    stage = openStage();
    registry = await startTagServer({ web: ['1.0.0'] });
  });
  afterEach(async () => {
    await stage.close();
    await registry.close();
  });

  const manifests = (tag: string) =>
    Object.fromEntries(
      Array.from({ length: FILES }, (_, n) => [
        `apps/${n}.yaml`,
        deployment(`${registry.image('web')}:${tag}`),
      ]),
    );
  const policy = () => ({ 'policies/web.yaml': imagePolicy({ image: registry.image('web') }) });

  /** Starts a command and kills it after a while. @returns true when the kill came before its end */
  async function killAfter(
    ms: number,
    args: readonly string[],
    options?: CliOptions,
  ): Promise<boolean> {
    const cli = stage.start(args, options);
    await Promise.race([delay(ms), cli.ended]);
    cli.process.kill('SIGKILL');
    return (await cli.ended).code === null;
  }

  /** How long the command takes when it is left alone: kills are spread over that time. */
  async function timeOf(args: readonly string[]): Promise<number> {
    const started = Date.now();
    expect(await stage.run(args)).toMatchObject({ code: 0 });
    return Date.now() - started;
  }

  describe.each(['native', 'isomorphic'])('with the %s engine', (engine) => {
    let server: GitHttpServer;
    let remote: RemoteRepo;
    beforeEach(async () => {
      remote = createRemote(stage.path('remotes/config.git'));
      remote.commit({ ...manifests('1.0.0'), ...policy() });
      server = await startGitHttpServer({ root: stage.path('remotes') });
    });
    afterEach(() => server.close());

    it(
      'of update --repo leaves nothing behind: the next run does what was to be done, once',
      async () => {
        const args = ['update', '--repo', server.url('config.git'), '--git-engine', engine];
        registry.push('web', '1.1.0');
        const whole = await timeOf(args);
        let killed = 0;
        for (let n = 0; n < KILLS; n++) {
          registry.push('web', `1.${n + 2}.0`);
          if (await killAfter((whole * (n + 1)) / KILLS, args)) killed += 1;
          const again = await stage.run(args);
          expect(again.stderr).toBe('');
          expect(again.code).toBe(0);
        }
        expect(killed).toBeGreaterThan(0);
        expectOneCommitEach(KILLS + 1);
      },
      TEST_TIMEOUT_MS,
    );

    it(
      'in the middle of a push leaves the branch as it was or moved as a whole',
      async () => {
        const args = ['update', '--repo', server.url('config.git'), '--git-engine', engine];
        for (const [n, moment] of ['git-upload-pack', 'git-receive-pack'].entries()) {
          registry.push('web', `1.${n + 1}.0`);
          const cli = stage.start(args);
          let isUnderWay = false;
          server.inject(({ method, url }) => {
            if (method !== 'POST' || !url.endsWith(moment)) return undefined;
            isUnderWay = true;
            return { kind: 'slow', ms: 300 };
          });
          await until(`${moment} is under way`, () => isUnderWay);
          cli.process.kill('SIGKILL');
          await cli.ended;
          server.inject(undefined);
          const again = await stage.run(args);
          expect(again.stderr).toBe('');
          expect(again.code).toBe(0);
        }
        expectOneCommitEach(2);
      },
      TEST_TIMEOUT_MS,
    );

    it(
      'of run --standalone leaves nothing behind',
      async () => {
        const git = [`url: ${server.url('config.git')}`];
        stage.write({
          'config/automation.yaml': automation(git),
          'config/web.yaml': imagePolicy({
            image: registry.image('web'),
            spec: ['insecure: true', 'interval: 1s'],
          }),
        });
        const args =
          `run --standalone --config config --listen 127.0.0.1:0 --git-engine ${engine}`.split(' ');
        for (let n = 1; n <= 4; n++) {
          registry.push('web', `1.${n}.0`);
          await killAfter(250 + Math.random() * 600, args);
        }
        const last = stage.start(args);
        registry.push('web', '1.5.0');
        await until('the last tag is written', () =>
          remote.read('apps/0.yaml').includes(':1.5.0 #'),
        );
        last.process.kill('SIGTERM');
        expect(await last.ended).toMatchObject({ code: 0 });
        const subjects = remote.git('log', '--format=%s', 'main').split('\n');
        expect(new Set(subjects).size).toBe(subjects.length);
        expectNewest('1.5.0');
      },
      TEST_TIMEOUT_MS,
    );

    /** Minor versions up to `last` were each written by one commit, and all files hold the last. */
    function expectOneCommitEach(last: number): void {
      const wanted = Array.from({ length: last }, (_, n) => `Update web to 1.${n + 1}.0`);
      expect(remote.git('log', '--reverse', '--format=%s', 'main').split('\n')).toEqual([
        'change',
        ...wanted,
      ]);
      expectNewest(`1.${last}.0`);
    }

    function expectNewest(tag: string): void {
      for (const [path, text] of Object.entries(manifests(tag)))
        expect(remote.read(path)).toBe(text);
      remote.fsck();
    }
  });

  it(
    'of update DIR --commit leaves a tree that the next run completes',
    async () => {
      createCheckout(stage.path('work'), { ...manifests('1.0.0'), ...policy() });
      const inWork = (...args: readonly string[]) => git(stage.path('work'), args);
      const args = ['update', 'work', '--commit'];
      registry.push('web', '1.1.0');
      const whole = await timeOf(args);
      let killed = 0;
      for (let n = 0; n < KILLS; n++) {
        const tag = `1.${n + 2}.0`;
        registry.push('web', tag);
        if (await killAfter(whole * (0.4 + (0.6 * n) / KILLS), args)) killed += 1;
        expect(await stage.run(args)).toMatchObject({ code: 0, stderr: '' });
        expect(inWork('status', '--porcelain', '--ignored')).toBe('');
        expect(inWork('log', '-1', '--format=%s')).toBe(`Update web to ${tag}`);
      }
      expect(killed).toBeGreaterThan(0);
      expect(inWork('rev-list', '--count', 'HEAD')).toBe(String(KILLS + 2));
      inWork('fsck', '--strict');
    },
    TEST_TIMEOUT_MS,
  );

  it.each([
    { moment: 'files are being written', isNow: () => changedNow().length > 0 },
    { moment: 'git is about to commit', isNow: () => existsSync(stage.path('committing')) },
  ])('of update DIR --commit while $moment leaves nothing behind', async ({ isNow }) => {
    createCheckout(stage.path('work'), { ...manifests('1.0.0'), ...policy() });
    stage.write({ 'bin/git': GIT_THAT_NEVER_COMMITS });
    chmodSync(stage.path('bin/git'), 0o755);
    registry.push('web', '1.1.0');
    const env = { PATH: `${stage.path('bin')}:${process.env['PATH']}`, STAGE: stage.folder };
    const cli = stage.start(['update', 'work', '--commit'], { env });
    await until('the moment has come', isNow, { everyMs: 1 });
    cli.process.kill('SIGKILL');
    expect(await cli.ended).toMatchObject({ code: null });
    if (existsSync(stage.path('committing')))
      process.kill(Number(readFileSync(stage.path('committing'), 'utf8')), 'SIGKILL');

    const result = await stage.run(['update', 'work', '--commit']);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const inWork = (...args: readonly string[]) => git(stage.path('work'), args);
    expect(inWork('log', '--format=%s')).toBe('Update web to 1.1.0\nBegin');
    expect(changedNow()).toEqual([]);
  });

  /** Paths in the work tree that differ from the last commit. */
  function changedNow(): readonly string[] {
    const status = git(stage.path('work'), ['--no-optional-locks', 'status', '--porcelain']);
    return status.split('\n').filter((line) => line !== '');
  }

  it(
    'of update DIR leaves each file old or new, and the next run completes them',
    async () => {
      createCheckout(stage.path('work'), { ...manifests('1.0.0'), ...policy() });
      registry.push('web', '1.1.0');
      const whole = await timeOf(['update', 'work']);
      for (let n = 0; n < KILLS; n++) {
        const [older, newer] = [manifests(`1.${n + 1}.0`), manifests(`1.${n + 2}.0`)];
        registry.push('web', `1.${n + 2}.0`);
        await killAfter(whole * (0.4 + (0.6 * n) / KILLS), ['update', 'work']);
        for (const path of Object.keys(older))
          expect([older[path], newer[path]]).toContain(
            readFileSync(stage.path('work', path), 'utf8'),
          );
        expect(await stage.run(['update', 'work'])).toMatchObject({ code: 0, stderr: '' });
        const changed = git(stage.path('work'), ['status', '--porcelain']).split('\n');
        expect(changed).toHaveLength(FILES);
        for (const [path, text] of Object.entries(newer))
          expect(readFileSync(stage.path('work', path), 'utf8')).toBe(text);
      }
    },
    TEST_TIMEOUT_MS,
  );
});
