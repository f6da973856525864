import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, git, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

const NAMES = ['web', 'api', 'job'];

/** How long the people and the registry are busy. */
const BUSY_MS = 8_000;

/** Between a person's commits: a busy person, but one who leaves others a chance. */
const MAX_PAUSE_MS = 1_000;
const TEST_TIMEOUT_MS = 60_000;

describe.skipIf(!hasTool('git-http-backend')).each(['native', 'isomorphic'])(
  'two controllers and a person on one branch (%s)',
  (engine) => {
    let stage: Stage;
    let server: GitHttpServer;
    let remote: RemoteRepo;
    let registry: TagServer;
    beforeAll(async () => {
      stage = openStage();
      remote = createRemote(stage.path('remotes/config.git'));
      remote.git('config', 'core.logAllRefUpdates', 'always');
      server = await startGitHttpServer({ root: stage.path('remotes') });
      registry = await startTagServer(Object.fromEntries(NAMES.map((name) => [name, ['1.0.0']])));
      remote.commit(filesFor('1.0.0'));
      stage.write({
        'config/automation.yaml': automation(
          [`url: ${server.url('config.git')}`],
          ['interval: 1s'],
        ),
        ...Object.fromEntries(
          NAMES.map((name) => [
            `config/${name}.yaml`,
            imagePolicy({
              name,
              image: registry.image(name),
              spec: ['insecure: true', 'interval: 1s'],
            }),
          ]),
        ),
      });
    });
    afterAll(async () => {
      await stage.close();
      await server.close();
      await registry.close();
    });

    const filesFor = (tag: string) =>
      Object.fromEntries(
        NAMES.map((name) => [`${name}.yaml`, deployment(`${registry.image(name)}:${tag}`, name)]),
      );

    it(
      'lose no commit, repeat none, force nothing',
      async () => {
        const controllers = ['one', 'two'].map((name) =>
          stage.start(
            `run --standalone --config config --listen 127.0.0.1:0 --git-engine ${engine}`.split(
              ' ',
            ),
            { env: { LOCKKEEPER_CACHE_DIR: stage.path(name) } },
          ),
        );
        for (const controller of controllers)
          await controller.waitFor('stderr', /resources loaded/);
        const [written, newest] = await Promise.all([commitAsAPerson(), pushTags()]);
        await until('the branch has settled', () =>
          NAMES.every((name) => remote.read(`${name}.yaml`).includes(`:${newest} #`)),
        );
        for (const { process } of controllers) process.kill('SIGTERM');
        for (const { ended } of controllers) expect(await ended).toMatchObject({ code: 0 });

        const commits = history();
        expect(
          commits.filter(({ author }) => author === 'Human').map(({ subject }) => subject),
        ).toEqual(['change', ...written]);
        expect(remote.read('notes.md')).toBe(written.map((line) => `${line}\n`).join(''));
        const bots = commits.filter(({ author }) => author === 'Lockkeeper');
        const steps = bots.flatMap(({ body }) => body.match(/^Image-Update: .*$/gm) ?? []);
        expect(steps.length).toBeGreaterThanOrEqual(NAMES.length);
        expect(new Set(steps).size).toBe(steps.length);
        expect(commits.filter(({ parents }) => parents.length > 1)).toEqual([]);
        for (const { before, after } of movesOfTheBranch())
          remote.git('merge-base', '--is-ancestor', before, after);
        expect(movesOfTheBranch().length).toBe(commits.length - 1);
        remote.fsck();
      },
      TEST_TIMEOUT_MS,
    );

    /** New tags for all repositories at once, again and again. @returns the newest */
    async function pushTags(): Promise<string> {
      const end = Date.now() + BUSY_MS;
      let minor = 0;
      while (Date.now() < end) {
        minor += 1;
        for (const name of NAMES) registry.push(name, `1.${minor}.0`);
        await delay(1_200);
      }
      return `1.${minor}.0`;
    }

    /** Adds line after line to a file by plain Git, as a person with a clone does. @returns the lines */
    async function commitAsAPerson(): Promise<readonly string[]> {
      const clone = stage.path('clone');
      // By its folder: this process serves HTTP and must not wait for itself.
      git(stage.folder, ['clone', '--quiet', remote.path, clone]);
      const end = Date.now() + BUSY_MS;
      const written: string[] = [];
      while (Date.now() < end) {
        const line = `note ${written.length + 1}`;
        stage.write({ 'clone/notes.md': [...written, line].map((text) => `${text}\n`).join('') });
        git(clone, ['add', 'notes.md']);
        git(clone, ['commit', '--quiet', '--message', line]);
        pushUntilAccepted(clone);
        written.push(line);
        await delay(Math.random() * MAX_PAUSE_MS);
      }
      return written;
    }

    /** The branch's commits, oldest first. */
    function history() {
      return remote
        .git('log', '--reverse', '--format=%an%x00%P%x00%s%x00%b%x01', 'main')
        .split('\x01')
        .filter((record) => record.trim() !== '')
        .map((record) => {
          const [author = '', parents = '', subject = '', body = ''] = record.trim().split('\x00');
          return { author, parents: parents.split(' ').filter(Boolean), subject, body };
        });
    }

    /** What each push did, as the bare repo saw it; the first commit made the branch. */
    function movesOfTheBranch() {
      const ids = remote
        .git('log', '--walk-reflogs', '--format=%H', 'main')
        .split('\n')
        .toReversed();
      return ids.slice(1).map((after, n) => ({ before: ids[n] ?? '', after }));
    }
  },
);

/** A person pulls and pushes again, ten times at most. */
function pushUntilAccepted(clone: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      git(clone, ['push', '--quiet', 'origin', 'main']);
      return;
    } catch (error) {
      if (attempt === 10) throw error;
      git(clone, ['pull', '--quiet', '--rebase', 'origin', 'main']);
    }
  }
}
