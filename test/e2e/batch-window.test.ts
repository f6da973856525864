import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningCli } from '../support/cli.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

const RELEASED = ['api', 'mail', 'search', 'shop', 'web'];
const LOCKED = 'db';
const NAMES = [...RELEASED, LOCKED];
/** From the restart on, so long a batch that goes on is still open. */
const REST_MS = 4_000;
const TEST_TIMEOUT_MS = 90_000;

/** What the state file says of the automation. */
interface Status {
  readonly batch?: { readonly since: string; readonly until: string };
  readonly held: readonly { readonly reason: string }[];
}

describe.skipIf(!hasTool('git-http-backend'))('run --standalone with a batch window', () => {
  let stage: Stage;
  let remote: RemoteRepo;
  let git: GitHttpServer;
  let registry: TagServer;
  let cli: RunningCli;

  beforeAll(async () => {
    stage = openStage();
    registry = await startTagServer(Object.fromEntries(NAMES.map((name) => [name, ['1.0.0']])));
    remote = createRemote(stage.path('remotes/config.git'));
    git = await startGitHttpServer({ root: stage.path('remotes') });
    remote.commit(Object.fromEntries(NAMES.map((name) => [`${name}.yaml`, manifest(name)])));
    const spec = ['insecure: true', 'interval: 1s'];
    stage.write(
      Object.fromEntries(
        NAMES.map((name) => [
          `config/${name}.yaml`,
          imagePolicy({ name, image: registry.image(name), spec }),
        ]),
      ),
    );
    start('1h');
  });
  afterAll(async () => {
    await stage.close();
    await git.close();
    await registry.close();
  });

  const manifest = (name: string) => deployment(`${registry.image(name)}:1.0.0`, name);
  const subjects = () => remote.git('log', '--reverse', '--format=%s', 'main').split('\n').slice(1);

  function start(batchWindow: string): void {
    const spec = ['interval: 1s', `batchWindow: ${batchWindow}`];
    stage.write({ 'config/automation.yaml': automation([`url: ${git.url('config.git')}`], spec) });
    const args = 'run --standalone --config config --state-dir state --listen 127.0.0.1:0';
    cli = stage.start(args.split(' '));
  }

  function status(): Status | undefined {
    try {
      const text = readFileSync(stage.path('state/status.json'), 'utf8');
      return (JSON.parse(text) as Record<string, Status>)['apps/config'];
    } catch {
      return undefined;
    }
  }

  const waiting = () => status()?.held.filter(({ reason }) => reason === 'Batching').length ?? 0;

  it(
    'makes one commit of a release, but for what a lock says, and begins no batch anew when it is killed',
    async () => {
      await until('the first pass is done', () => status() !== undefined);
      for (const [index, name] of RELEASED.entries()) {
        registry.push(name, '2.0.0');
        await until(`${name} waits`, () => waiting() === index + 1);
      }
      expect(subjects()).toEqual([]);
      const { since = '' } = status()?.batch ?? {};

      registry.push(LOCKED, '0.9.0');
      const locked = manifest(LOCKED).replace(
        '  namespace: apps\n',
        '  namespace: apps\n  annotations: {lockkeeper.dev/lock: "0.9.0"}\n',
      );
      remote.commit({ [`${LOCKED}.yaml`]: locked }, { message: 'Lock db' });
      await until('the lock is followed', () => subjects().length === 2);
      expect(subjects()).toEqual(['Lock db', 'Return db to 0.9.0']);
      expect(status()?.batch).toMatchObject({ since });

      cli.process.kill('SIGKILL');
      await cli.ended;
      const restarted = Date.now();
      const windowMs = restarted - Date.parse(since) + REST_MS;
      start(`${windowMs}ms`);
      await until('all are released', () => subjects().length === 3);
      expect(subjects().at(-1)).toBe('Update 5 images');
      for (const name of RELEASED) expect(remote.read(`${name}.yaml`)).toContain(':2.0.0 #');
      const written = Number(remote.git('log', '-1', '--format=%ct', 'main')) * 1_000;
      // In time, to the second that commits know of; begun anew, it would have come later by all that had passed.
      expect(written).toBeGreaterThanOrEqual(Date.parse(since) + windowMs - 1_000);
      expect(written).toBeLessThan(restarted + windowMs);
    },
    TEST_TIMEOUT_MS,
  );
});
