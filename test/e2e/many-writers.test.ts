import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/adapters/telemetry/logger.ts';
import { createMetrics } from '../../src/adapters/telemetry/metrics.ts';
import { viewsOver } from '../../src/app/scan/recorded-memories.ts';
import { BranchSessions } from '../../src/app/update/branch-sessions.ts';
import { compose, type OpenPorts } from '../../src/compose/ports.ts';
import { createObserver } from '../../src/compose/observer.ts';
import { readConfig } from '../../src/config.ts';
import { AppError } from '../../src/domain/errors.ts';
import { mergeResources, NO_RESOURCES } from '../../src/domain/resources/merge-resources.ts';
import { parseResources } from '../../src/domain/resources/parse-resources.ts';
import { automation as automationOf } from '../support/builders.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, git, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

const NEVER = new AbortController().signal;
const BOTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const PEOPLE = ['ana', 'ben'];
/** Of each writer: enough for a race in nearly every push. */
const ROUNDS = 2;
const TEST_TIMEOUT_MS = 120_000;

describe.skipIf(!hasTool('git-http-backend')).each(['native', 'isomorphic'] as const)(
  'ten writers on one branch (%s)',
  (engine) => {
    let stage: Stage;
    let server: GitHttpServer;
    let remote: RemoteRepo;
    let registry: TagServer;
    const opened: OpenPorts[] = [];
    const metrics = createMetrics();
    const observe = createObserver(createLogger('error'), metrics);
    beforeAll(async () => {
      stage = openStage();
      remote = createRemote(stage.path('remotes/config.git'));
      remote.git('config', 'core.logAllRefUpdates', 'always');
      server = await startGitHttpServer({ root: stage.path('remotes') });
      registry = await startTagServer(Object.fromEntries(BOTS.map((name) => [name, ['1.0.0']])));
      remote.commit(Object.fromEntries(BOTS.map((name) => [fileOf(name), textOf(name, '1.0.0')])));
    });
    afterAll(async () => {
      await Promise.all(opened.map((ports) => ports.close()));
      await stage.close();
      await server.close();
      await registry.close();
    });

    const fileOf = (name: string) => `apps/${name}.yaml`;
    const textOf = (name: string, tag: string) =>
      deployment(`${registry.image(name)}:${tag}`, name);

    /** A controller of its own: own store, own scans, one policy. */
    async function bot(name: string) {
      const ports = await compose(
        readConfig({
          PATH: process.env['PATH'],
          LOCKKEEPER_CACHE_DIR: stage.path(`cache-${name}`),
          LOCKKEEPER_GIT_ENGINE: engine,
        }),
      );
      opened.push(ports);
      const spec = ['insecure: true', 'interval: 1s'];
      const text = imagePolicy({ image: registry.image(name), name, spec });
      const resources = mergeResources(NO_RESOURCES, [parseResources('policy.yaml', text)]);
      const automation = automationOf({}, `apps/${name}`);
      const access = { url: server.url('config.git'), branch: 'main' };
      const onRetry = (reason: string) => observe({ kind: 'push-retry', automation, reason });
      /** Until the tag has landed, as a controller goes on trying. */
      return async (tag: string) => {
        const sessions = new BranchSessions(ports, viewsOver(ports));
        try {
          while (!remote.read(fileOf(name)).includes(`:${tag} `)) {
            const request = { resources, chooseAutomation: () => automation };
            const options = { dryRun: false, onRetry, signal: NEVER };
            await sessions.update(access, request, options).catch(unlessConflict);
          }
        } finally {
          await sessions.close();
        }
      };
    }

    /** Somebody with a clone, who pulls and pushes again. */
    function person(name: string) {
      const clone = stage.path(`clone-${name}`);
      git(stage.folder, ['clone', '--quiet', remote.path, clone]);
      return async (note: string) => {
        stage.write({ [`clone-${name}/notes-${name}.md`]: note });
        git(clone, ['add', '.']);
        git(clone, ['commit', '--quiet', '--message', `${name} ${note}`]);
        for (;;) {
          try {
            git(clone, ['push', '--quiet', 'origin', 'main']);
            return;
          } catch {
            git(clone, ['pull', '--quiet', '--rebase', 'origin', 'main']);
            await new Promise((done) => setTimeout(done, Math.random() * 50));
          }
        }
      };
    }

    it(
      'lose no commit, repeat none, force nothing, and count what they repeat',
      async () => {
        const bots = await Promise.all(BOTS.map(bot));
        const people = PEOPLE.map(person);
        for (let round = 1; round <= ROUNDS; round += 1) {
          const tag = `1.${round}.0`;
          for (const name of BOTS) registry.push(name, tag);
          await Promise.all([
            ...bots.map((update) => update(tag)),
            ...people.map((write) => write(`round ${round}`)),
          ]);
          for (const name of BOTS) expect(remote.read(fileOf(name))).toBe(textOf(name, tag));
        }
        const subjects = remote.git('log', '--reverse', '--format=%s', 'main').split('\n').slice(1);
        const rounds = Array.from({ length: ROUNDS }, (_, index) => index + 1);
        expect(subjects.toSorted()).toEqual(
          [
            ...BOTS.flatMap((name) => rounds.map((round) => `Update ${name} to 1.${round}.0`)),
            ...PEOPLE.flatMap((name) => rounds.map((round) => `${name} round ${round}`)),
          ].toSorted(),
        );
        expect(remote.git('log', '--min-parents=2', '--format=%H', 'main')).toBe('');
        const moves = remote.git('log', '--walk-reflogs', '--format=%H', 'main').split('\n');
        expect(moves).toEqual(remote.git('log', '--format=%H', 'main').split('\n'));
        remote.fsck();
        const { values } = await metrics.pushRetries.get();
        expect(values.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThan(0);
        expect(await metrics.registry.metrics()).toMatch(
          /^lockkeeper_push_retries_total\{automation="apps\/[a-h]"\} [1-9]/m,
        );
      },
      TEST_TIMEOUT_MS,
    );
  },
);

function unlessConflict(error: unknown): void {
  if (!(error instanceof AppError) || error.code !== 'git/conflict') throw error;
}
