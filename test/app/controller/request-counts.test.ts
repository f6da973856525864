import { describe, expect, it, onTestFinished } from 'vitest';
import { createRegistry } from '../../../src/adapters/registry/create-registry.ts';
import { profileOf } from '../../../src/adapters/registry/known-registries.ts';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import { settled } from '../../support/memory-ports.ts';
import { type ImitatedRegistry, startImitation } from '../../support/registry/imitation.ts';
import { IMITATIONS } from '../../support/registry/imitations.ts';
import { stage } from './stage.ts';

const MINUTE = 60_000;
const REPOSITORIES = 50;
const POLICIES = 200;
const TAGS = Array.from({ length: 1_000 }, (_, index) => `1.${index}.0`);

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);

/** A registry whose tokens end within a minute, so that each interval needs new ones. */
async function registryOfTokens(): Promise<ImitatedRegistry> {
  const imitation = IMITATIONS.find(({ name }) => name === 'distribution');
  if (imitation === undefined) throw new Error('there is no imitation of distribution');
  const repositories = indexes(REPOSITORIES).map((index) => [`team/app-${index}`, TAGS]);
  const server = await startImitation(imitation, Object.fromEntries(repositories));
  onTestFinished(() => server.close());
  return server;
}

/** A cluster with four policies of different ranges for each repository, and no automation. */
function clusterOf(host: string): MemoryCluster {
  const cluster = new MemoryCluster();
  for (const index of indexes(POLICIES)) {
    cluster.apply('ImagePolicy', `team-${index % 20}/policy-${index}`, {
      image: `${host}/team/app-${index % REPOSITORIES}`,
      insecure: true,
      policy: { semver: { range: `>=1.${index}.0` } },
    });
  }
  return cluster;
}

describe('200 policies over 50 repositories of 1,000 tags', () => {
  it.each([
    { name: 'that links always', alwaysLinks: true, pages: 1 },
    // A full page is the last one only when nothing comes after it.
    { name: 'nothing is known of', alwaysLinks: false, pages: 2 },
  ])(
    'cost one list and one token for each repository and interval, by a registry $name',
    { timeout: 90_000 },
    async ({ alwaysLinks, pages }) => {
      const server = await registryOfTokens();
      const cluster = clusterOf(server.host);
      const { clock, start, stop } = stage({
        cluster,
        branches: {},
        connect: (time) => {
          const registry = createRegistry({
            clock: time,
            random: () => 0,
            profileOf: (host) => ({ ...profileOf(host), alwaysLinks }),
          });
          onTestFinished(() => registry.close());
          return registry;
        },
      });
      const running = start();
      const lists = REPOSITORIES * pages;
      // Of the first round, each repository's first request is answered by a challenge.
      await expect
        .poll(() => server.lists().length, { timeout: 20_000 })
        .toBe(REPOSITORIES + lists);
      await expect.poll(() => cluster.statusWrites.length, { timeout: 20_000 }).toBe(POLICIES);
      expect(server.tokens()).toHaveLength(REPOSITORIES);

      for (const interval of [1, 2]) {
        cluster.statusWrites.splice(0);
        const [listsBefore, tokensBefore] = [server.lists().length, server.tokens().length];
        await clock.advance(5 * MINUTE);
        await expect
          .poll(() => server.lists().length - listsBefore, { timeout: 20_000 })
          .toBe(lists);
        await settled();
        await clock.advance(MINUTE / 2);
        expect(server.lists().length - listsBefore, `interval ${interval}`).toBe(lists);
        expect(server.tokens().length - tokensBefore).toBe(REPOSITORIES);
        expect(cluster.statusWrites).toEqual([]);
      }
      expect(server.manifests()).toEqual([]);
      const scopes = server.tokens().map(({ url }) => url);
      expect(new Set(scopes).size).toBe(REPOSITORIES);
      // Six at a time in each of three rounds: a slow machine lets some go idle for too long in between.
      expect(server.connections()).toBeLessThanOrEqual(3 * 6);
      stop.abort();
      await running;
    },
  );
});
