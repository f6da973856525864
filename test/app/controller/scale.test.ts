import { describe, expect, it } from 'vitest';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import { MemoryBranch, settled } from '../../support/memory-ports.ts';
import { deploymentText } from '../../support/texts.ts';
import { imageIn, POLICY_SPEC, stage } from './stage.ts';

const MINUTE = 60_000;
const REPOSITORIES = 100;
const POLICIES_PER_REPOSITORY = 10;

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const imageOf = (repository: number) => `ghcr.io/team/app-${repository}`;
const urlOf = (repository: number) => `https://git.example.com/${repository}.git`;

/** A namespace for each repository, with ten policies over it and one automation. */
async function crowd() {
  const cluster = new MemoryCluster();
  for (const repository of indexes(REPOSITORIES)) {
    for (const policy of indexes(POLICIES_PER_REPOSITORY)) {
      const spec = { ...POLICY_SPEC, image: imageOf(repository) };
      cluster.apply('ImagePolicy', `team-${repository}/p${policy}`, spec);
    }
    const git = { url: urlOf(repository) };
    cluster.apply('ImageUpdateAutomation', `team-${repository}/update`, { git });
  }
  const branches = indexes(REPOSITORIES).map((repository) => {
    const files = indexes(POLICIES_PER_REPOSITORY).map((policy) => [
      `p${policy}.yaml`,
      deploymentText(`${imageOf(repository)}:1.0.0`, { marker: `team-${repository}:p${policy}` }),
    ]);
    return [urlOf(repository), new MemoryBranch(Object.fromEntries(files))] as const;
  });
  const repositories = (tags: readonly string[]) =>
    Object.fromEntries(indexes(REPOSITORIES).map((repository) => [imageOf(repository), tags]));
  const made = stage({
    cluster,
    branches: Object.fromEntries(branches),
    repositories: repositories(['1.0.0', '1.1.0']),
  });
  const running = made.start();
  await settled();
  await made.clock.advance(0);
  return {
    ...made,
    running,
    branches: branches.map(([, branch]) => branch),
    answer: (tags: readonly string[]) => (made.registry.repositories = repositories(tags)),
  };
}

/** Thousands of steps of the clock, on a machine that may be busy. */
const SLOW_MS = 120_000;

describe('1,000 policies over 100 repositories', { timeout: SLOW_MS }, () => {
  it('cost one list per repository and interval, and no write while nothing changes', async () => {
    const { cluster, registry, clock, branches, stop, running } = await crowd();
    await clock.advance(MINUTE);
    expect(registry.calls).toHaveLength(REPOSITORIES);
    expect(new Set(registry.calls).size).toBe(REPOSITORIES);
    expect(cluster.statusWrites).toHaveLength(REPOSITORIES * (POLICIES_PER_REPOSITORY + 1));
    expect(branches.map(({ requests }) => requests.length)).toEqual(branches.map(() => 1));

    registry.calls.splice(0);
    cluster.statusWrites.splice(0);
    cluster.events.splice(0);
    for (const branch of branches) branch.heads = 0;
    await clock.advance(15 * MINUTE);
    expect(registry.calls).toHaveLength(3 * REPOSITORIES);
    expect(cluster.statusWrites).toEqual([]);
    expect(cluster.events).toEqual([]);
    expect(branches.map(({ heads }) => heads)).toEqual(branches.map(() => 3));
    stop.abort();
    await running;
  });

  it('bring each repo up to date by one commit when all of them have a new tag', async () => {
    const { clock, branches, answer, cluster, stop, running } = await crowd();
    answer(['1.0.0', '1.1.0', '1.2.0']);
    await clock.advance(5 * MINUTE);
    for (const branch of branches) {
      expect(branch.requests).toHaveLength(2);
      expect(imageIn(branch, 'p9.yaml')).toMatch(/:1\.2\.0$/);
    }
    const latest = indexes(REPOSITORIES).map((repository) =>
      cluster.status('ImagePolicy', `team-${repository}/p0`),
    );
    expect(latest).toEqual(
      latest.map(() =>
        expect.objectContaining({ latest: expect.objectContaining({ tag: '1.2.0' }) as object }),
      ),
    );
    stop.abort();
    await running;
  });
});
