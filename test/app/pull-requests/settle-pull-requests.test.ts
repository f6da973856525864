import { beforeEach, describe, expect, it } from 'vitest';
import { EndedMemory } from '../../../src/app/pull-requests/ended-memory.ts';
import { PullRequestDesk } from '../../../src/app/pull-requests/pull-request-desk.ts';
import {
  settlePullRequests,
  type ProposedBranch,
  type Settling,
} from '../../../src/app/pull-requests/settle-pull-requests.ts';
import { AppError } from '../../../src/domain/errors.ts';
import type { Change } from '../../../src/domain/plan/update-plan.ts';
import { MemoryForge } from '../../support/memory-forge.ts';
import { never } from '../../support/memory-ports.ts';

const AUTOMATION = 'apps/update';

let forge: MemoryForge;
beforeEach(() => {
  forge = new MemoryForge();
});

function change(to: string): Change {
  return {
    policy: 'apps/podinfo',
    image: 'ghcr.io/stefanprodan/podinfo',
    from: '6.1.0',
    to,
    path: 'app.yaml',
    line: 3,
    locked: false,
    fields: [],
  };
}

function proposed(to = '6.2.0', over: Partial<ProposedBranch> = {}): ProposedBranch {
  return {
    group: { name: 'all', changes: [change(to)] },
    branch: 'lockkeeper/apps-update',
    state: 'pushed',
    message: `Update podinfo to ${to}\n\nmore\n`,
    ...over,
  };
}

/** A pass over some branches; each has a desk of its own. */
function settle(branches: readonly ProposedBranch[], over: Partial<Settling> = {}) {
  const ports = { forge, base: 'main', head: 'c1', ended: new EndedMemory() };
  return settlePullRequests(
    {
      desk: new PullRequestDesk(ports),
      automation: AUTOMATION,
      spec: { provider: 'gitea' },
      branches,
      linksOf: async () => [],
      dryRun: false,
      checkMayWrite: () => undefined,
      ...over,
    },
    never,
  );
}

const states = ({ pullRequests }: Awaited<ReturnType<typeof settle>>) =>
  pullRequests.map(({ state }) => state);

describe('the pull request of a branch', () => {
  it('is opened where there is none', async () => {
    const { pullRequests, failure } = await settle([proposed()]);
    expect(failure).toBeUndefined();
    expect(pullRequests).toEqual([
      {
        group: 'all',
        branch: 'lockkeeper/apps-update',
        title: 'Update podinfo to 6.2.0',
        url: 'https://git.example.com/config/pulls/1',
        state: 'opened',
      },
    ]);
    expect(forge.all).toMatchObject([{ base: 'main', title: 'Update podinfo to 6.2.0' }]);
    expect(forge.all[0]?.body).toContain('Image-Update: apps/podinfo ');
    expect(forge.all[0]?.body).toContain('Lockkeeper-Group: apps/update all');
  });

  it('is opened by the next pass after a death between push and opening, and once only', async () => {
    expect(states(await settle([proposed('6.2.0', { state: 'current' })]))).toEqual(['opened']);
    expect(states(await settle([proposed('6.2.0', { state: 'current' })]))).toEqual(['current']);
    expect(forge.all).toHaveLength(1);
  });

  it('costs one list, and no write, while it says what it should', async () => {
    await settle([proposed()]);
    forge.calls.length = 0;
    const other = proposed('6.2.0', { branch: 'lockkeeper/other', state: 'current' });
    await settle([other]);
    forge.calls.length = 0;
    expect(states(await settle([proposed('6.2.0', { state: 'current' }), other]))).toEqual([
      'current',
      'current',
    ]);
    expect(forge.calls).toEqual(['list']);
  });

  it('is given another text when another tag is chosen', async () => {
    await settle([proposed('6.2.0')]);
    expect(states(await settle([proposed('6.3.0')]))).toEqual(['edited']);
    expect(forge.all).toMatchObject([{ number: 1, title: 'Update podinfo to 6.3.0' }]);
    expect(forge.all[0]?.body).toContain('-> 6.3.0');
  });

  it('is adopted where a person opened it, and then has what ours have', async () => {
    await forge.create({ title: 'Mine', body: '', branch: proposed().branch, base: 'main' });
    const spec = { provider: 'gitea' as const, labels: ['images'] };
    expect(states(await settle([proposed()], { spec }))).toEqual(['opened']);
    expect(forge.all).toMatchObject([
      { number: 1, title: 'Update podinfo to 6.2.0', extras: { labels: ['images'] } },
    ]);
  });

  it('is adopted where it was opened meanwhile', async () => {
    const meanwhile = async () => {
      await forge.create({ title: 'Mine', body: '', branch: proposed().branch, base: 'main' });
      return [];
    };
    expect(states(await settle([proposed()], { linksOf: meanwhile }))).toEqual(['opened']);
    expect(forge.all).toHaveLength(1);
    expect(forge.all[0]?.title).toBe('Update podinfo to 6.2.0');
  });

  it('is nothing to do where another process opened the same meanwhile', async () => {
    const meanwhile = async () => {
      await settle([proposed()]);
      return [];
    };
    expect(states(await settle([proposed()], { linksOf: meanwhile }))).toEqual(['current']);
    expect(forge.all).toHaveLength(1);
  });

  it('is found by its branch where there are more than a list has', async () => {
    await settle([proposed()]);
    for (let index = 0; index < 100; index += 1) {
      await forge.create({ title: 'x', body: '', branch: `b${index}`, base: 'main' });
    }
    forge.calls.length = 0;
    expect(states(await settle([proposed('6.2.0', { state: 'current' })]))).toEqual(['current']);
    expect(forge.calls).toEqual(['list', 'list']);
  });

  it('has links to what changed, which are no reason to write when they come or go', async () => {
    const link = { image: 'podinfo', to: '6.2.0', url: 'https://github.com/o/r/commit/a' };
    await settle([proposed()], { linksOf: async () => [link] });
    expect(forge.all[0]?.body).toContain('](https://github.com/o/r/commit/a)');
    expect(states(await settle([proposed()]))).toEqual(['current']);
  });

  it.each(['foreign', 'kept'] as const)(
    'is left alone where its branch is %s, and told of as open',
    async (state) => {
      const branches = [proposed('6.3.0', { state })];
      expect(await settle(branches)).toEqual({ pullRequests: [], findings: [] });
      await settle([proposed()]);
      forge.calls.length = 0;
      expect(await settle(branches)).toEqual({
        pullRequests: [
          {
            group: 'all',
            branch: 'lockkeeper/apps-update',
            title: 'Update podinfo to 6.2.0',
            url: 'https://git.example.com/config/pulls/1',
            state: 'current',
          },
        ],
        findings: [],
      });
      expect(forge.calls).toEqual(['list']);
    },
  );

  it('of somebody else is not told of, where its branch is left alone', async () => {
    await forge.create({ title: 'Mine', body: '', branch: proposed().branch, base: 'main' });
    const settled = await settle([proposed('6.2.0', { state: 'kept' })]);
    expect(settled.pullRequests).toEqual([]);
  });

  it('that ended while it was written to keeps what it says', async () => {
    await settle([proposed()]);
    const merged = async () => {
      forge.end(1, 'merged');
      forge.failure = new AppError('forge/rejected', 'it is not open');
      return [];
    };
    const { failure } = await settle([proposed('6.3.0')], { linksOf: merged });
    expect(failure).toBeUndefined();
    expect(forge.all[0]?.title).toBe('Update podinfo to 6.2.0');
  });

  it('is only told of in a dry run', async () => {
    const dryRun = { dryRun: true };
    expect(states(await settle([proposed()], dryRun))).toEqual(['to-open']);
    await settle([proposed()]);
    expect(states(await settle([proposed()], dryRun))).toEqual(['current']);
    expect(states(await settle([proposed('6.3.0')], dryRun))).toEqual(['to-edit']);
    expect(forge.all).toMatchObject([{ title: 'Update podinfo to 6.2.0' }]);
  });
});

describe('what stands beside a pull request', () => {
  const spec = {
    provider: 'gitea' as const,
    labels: ['images'],
    reviewers: ['ana'],
    autoMerge: true,
  };

  it('is set when it is opened, and what the forge refuses is told', async () => {
    forge.problems = ['reviewer ana: there is no user ana'];
    const { findings, failure } = await settle([proposed()], { spec });
    expect(failure).toBeUndefined();
    expect(findings).toEqual([
      {
        severity: 'warning',
        code: 'pull-request/incomplete',
        message:
          'pull request https://git.example.com/config/pulls/1: reviewer ana: there is no user ana',
      },
    ]);
    const { provider: _, ...extras } = spec;
    expect(forge.all[0]?.extras).toEqual(extras);
  });

  it('is not set again, but for auto-merge after a push', async () => {
    await settle([proposed()], { spec });
    await settle([proposed('6.2.0', { state: 'current' })], { spec });
    expect(forge.calls.filter((call) => call === 'decorate')).toHaveLength(1);
    await settle([proposed('6.3.0')], { spec });
    expect(forge.all[0]?.extras).toEqual({ labels: [], reviewers: [], autoMerge: true });
  });

  it.each([
    { name: 'before anything was set', call: 'decorate', left: undefined },
    { name: 'before it could say that all was set', call: 'edit', left: spec.labels },
  ])('is completed by the next pass after a death $name', async ({ call, left }) => {
    forge.beforeCall = (name) => {
      if (name === call) throw new AppError('cancelled', 'killed');
    };
    await expect(settle([proposed()], { spec })).rejects.toMatchObject({ code: 'cancelled' });
    forge.beforeCall = () => undefined;
    expect(forge.all).toMatchObject([{ number: 1, state: 'open' }]);
    expect(forge.all[0]?.extras?.labels).toEqual(left);
    expect(states(await settle([proposed('6.2.0', { state: 'current' })], { spec }))).toEqual([
      'opened',
    ]);
    expect(forge.all).toMatchObject([{ extras: { labels: ['images'], reviewers: ['ana'] } }]);
    expect(forge.all[0]?.body).not.toContain('Pending');
    forge.calls.length = 0;
    await settle([proposed('6.2.0', { state: 'current' })], { spec });
    expect(forge.calls).toEqual(['list']);
  });

  it('is completed where a newer tag came after the death', async () => {
    forge.beforeCall = (name) => {
      if (name === 'decorate') throw new AppError('cancelled', 'killed');
    };
    await settle([proposed()], { spec }).catch(() => undefined);
    forge.beforeCall = () => undefined;
    expect(states(await settle([proposed('6.3.0')], { spec }))).toEqual(['opened']);
    expect(forge.all).toMatchObject([
      { title: 'Update podinfo to 6.3.0', extras: { labels: ['images'] } },
    ]);
    expect(forge.all[0]?.body).not.toContain('Pending');
  });

  it('that is no longer wanted is not waited for', async () => {
    forge.beforeCall = (name) => {
      if (name === 'decorate') throw new AppError('cancelled', 'killed');
    };
    await settle([proposed()], { spec }).catch(() => undefined);
    forge.beforeCall = () => undefined;
    await settle([proposed('6.2.0', { state: 'current' })]);
    expect(forge.all[0]?.extras).toBeUndefined();
    expect(forge.all[0]?.body).not.toContain('Pending');
  });

  it('costs nothing where nothing is wanted', async () => {
    await settle([proposed()]);
    expect(forge.calls).toEqual(['list', 'create']);
  });
});

describe('a failure of the forge', () => {
  const second = proposed('6.2.0', { branch: 'lockkeeper/second' });

  it('of one pull request leaves the others alone', async () => {
    const refuse = new AppError('forge/rejected', 'no commits between');
    let isFirst = true;
    const linksOf = async () => {
      if (isFirst) forge.failure = refuse;
      isFirst = false;
      return [];
    };
    const settled = await settle([proposed(), second], { linksOf });
    expect(settled.failure).toBe(refuse);
    expect(settled.pullRequests).toMatchObject([{ branch: 'lockkeeper/second' }]);
  });

  it('itself ends the pass, which says what it did before', async () => {
    const down = new AppError('forge/unreachable', 'down', { retry: true });
    let asked = 0;
    const linksOf = async () => {
      asked += 1;
      if (asked === 2) forge.failure = down;
      return [];
    };
    const third = proposed('6.2.0', { branch: 'lockkeeper/third' });
    const settled = await settle([proposed(), second, third], { linksOf });
    expect(settled.failure).toBe(down);
    expect(settled.pullRequests).toMatchObject([{ branch: proposed().branch, state: 'opened' }]);
    expect(forge.calls.filter((call) => call === 'create')).toHaveLength(2);
  });

  it('of the kind that this process may write no more is thrown, and nothing is written', async () => {
    const checkMayWrite = () => {
      throw new AppError('cancelled', 'lost the lease');
    };
    await expect(settle([proposed()], { checkMayWrite })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(forge.calls).toEqual(['list']);
  });
});
