import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningCli } from '../support/cli.ts';
import { hasTool } from '../support/git/tools.ts';
import { skipWithoutApiServer } from '../support/kubernetes/availability.ts';
import { openClusterStage, STAGE_TIMEOUT_MS, type ClusterStage } from './cluster-stage.ts';
import { until } from './patience.ts';
import { deployment, imagePolicy } from './resources.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** A lease lasts 15 s, and is looked at every 2 s or so. */
const TAKE_OVER_MS = 25_000;
const TEST_TIMEOUT_MS = 60_000;

/** Faster than the controllers scan, so that there is always something to write. */
const TAG_EVERY_MS = 400;

const isMissing = !hasTool('git-http-backend') || skipWithoutApiServer();

/** Tests build on each other: in each, the one that leads at its beginning loses its leadership. */
describe.skipIf(isMissing)('two controllers', () => {
  let cluster: ClusterStage;
  let registry: TagServer;
  let leader: Controller;
  let other: Controller;
  let patch = 0;

  beforeAll(async () => {
    registry = await startTagServer({ web: ['1.0.0'] });
    cluster = await openClusterStage();
    cluster.remote.commit({ 'web.yaml': deployment(`${registry.image('web')}:1.0.0`) });
    await cluster.apply(
      imagePolicy({ image: registry.image('web'), spec: ['insecure: true', 'interval: 1s'] }),
    );
    leader = start('pod-0');
    await leader.cli.waitFor('stderr', LEADS);
    other = start('pod-1');
    await other.cli.waitFor('stderr', /resources loaded/);
  }, STAGE_TIMEOUT_MS);
  beforeEach(({ onTestFailed }) =>
    onTestFailed(() => console.error(`leader: ${leader.log()}\nother: ${other.log()}`)),
  );
  afterAll(async () => {
    await cluster?.close();
    await registry?.close();
  });

  // Git in a process of its own would not be frozen with it.
  const start = (pod: string): Controller =>
    controller(cluster.start(pod, '--git-engine', 'isomorphic'));
  const pushTag = () => registry.push('web', `1.0.${(patch += 1)}`);
  const isUpToDate = () => cluster.remote.read('web.yaml').includes(`:1.0.${patch} #`);

  /** Tags appear all the while. */
  async function untilLeading({ cli }: Controller): Promise<void> {
    const leads = cli.waitFor('stderr', LEADS).then(() => true);
    const end = Date.now() + TAKE_OVER_MS;
    while (!(await Promise.race([leads, delay(TAG_EVERY_MS, false)]))) {
      if (Date.now() > end) throw new Error(`not leading within ${TAKE_OVER_MS} ms`);
      pushTag();
    }
  }

  /** When it has asked where the branch is, and before it sends its commit. */
  function freezeAtNextPush({ cli }: Controller): void {
    cluster.git.inject(({ method, url }) => {
      if (method !== 'GET' || !url.endsWith('service=git-receive-pack')) return undefined;
      cluster.git.inject(undefined);
      cli.process.kill('SIGSTOP');
      return undefined;
    });
  }

  /** Versions by commit: each commit is to move on from where the one before it got to. */
  function history(): readonly number[] {
    cluster.remote.fsck();
    const subjects = cluster.remote.git('log', '--reverse', '--format=%s', 'main').split('\n');
    return subjects
      .slice(1)
      .map((subject) => Number(/^Update web to 1\.0\.(\d+)$/.exec(subject)?.[1]));
  }

  /** Without repetitions, ever upwards. */
  const sound = (versions: readonly number[]) => [...new Set(versions)].toSorted((a, b) => a - b);

  it('have one writer', async () => {
    pushTag();
    await until('the tag is committed', isUpToDate);
    await delay(1_000);
    expect([leader.leads(), other.leads()]).toEqual([true, false]);
    expect(other.pushed()).toEqual([]);
  });

  it(
    'go on when the leader is killed',
    async () => {
      pushTag();
      leader.cli.process.kill('SIGKILL');
      await untilLeading(other);
      pushTag();
      await until('the last tag is committed', isUpToDate);
      expect(history()).toEqual(sound(history()));
      leader = other;
      other = start('pod-2');
      await other.cli.waitFor('stderr', /resources loaded/);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'go on when the leader is frozen while it pushes, which then writes no more',
    async () => {
      await until('the leader has pushed', () => leader.pushed().length > 0);
      const before = leader.pushed();
      freezeAtNextPush(leader);
      await untilLeading(other);
      pushTag();
      await until('the last tag is committed', isUpToDate);
      leader.cli.process.kill('SIGCONT');
      for (let n = 0; n < 10; n += 1) {
        pushTag();
        await delay(TAG_EVERY_MS);
      }
      await until('the last tag is committed', isUpToDate);
      await until('the one that was frozen follows', () => !leader.leads());
      expect(leader.pushed()).toEqual(before);
      expect(other.pushed().length).toBeGreaterThan(0);
      expect(history()).toEqual(sound(history()));
      [leader, other] = [other, leader];
    },
    TEST_TIMEOUT_MS,
  );

  it('hand over at once when the leader is told to stop', async () => {
    const asked = Date.now();
    leader.cli.process.kill('SIGTERM');
    await until('the other leads', () => other.leads());
    expect(Date.now() - asked).toBeLessThan(6_000);
    expect(await leader.cli.ended).toMatchObject({ code: 0 });
    pushTag();
    await until('the last tag is committed', isUpToDate);
    expect(history()).toEqual(sound(history()));
  });
});

const LEADS = /"msg":"leading: /;

/** A running controller, and what its log says. */
interface Controller {
  readonly cli: RunningCli;
  /** All that it has said. */
  log(): string;
  /** Does it lead, by its own account? */
  leads(): boolean;
  /** Commits that it pushed, oldest first. */
  pushed(): readonly string[];
}

function controller(cli: RunningCli): Controller {
  let log = '';
  cli.process.stderr?.on('data', (text: string) => (log += text));
  return {
    cli,
    log: () => log,
    leads: () => log.lastIndexOf('"msg":"leading: ') > log.lastIndexOf('"msg":"following: '),
    pushed: () =>
      [...log.matchAll(/^.*"commit":"([0-9a-f]{40})".*"msg":"pushed".*$/gm)].map(
        ([, id = '']) => id,
      ),
  };
}
