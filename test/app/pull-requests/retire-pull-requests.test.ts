import { beforeEach, describe, expect, it } from 'vitest';
import { EndedMemory } from '../../../src/app/pull-requests/ended-memory.ts';
import { PullRequestDesk } from '../../../src/app/pull-requests/pull-request-desk.ts';
import {
  retirePullRequests,
  type Retiring,
} from '../../../src/app/pull-requests/retire-pull-requests.ts';
import type { Reason } from '../../../src/domain/plan/slot-verdict.ts';
import {
  refusedOf,
  supersededBody,
} from '../../../src/domain/pull-requests/pull-request-record.ts';
import { MemoryForge } from '../../support/memory-forge.ts';
import { never } from '../../support/memory-ports.ts';

const BRANCH = 'lockkeeper/apps-update';
const POLICY = 'apps/podinfo';
const BODY = `Lockkeeper-Group: apps/update all\nImage-Update: ${POLICY} podinfo:1 -> 2\n`;

let forge: MemoryForge;
let deleted: string[];
beforeEach(() => {
  forge = new MemoryForge();
  deleted = [];
});

function open(body = BODY, branch = BRANCH) {
  return forge.create({ title: 'Update', body, branch, base: 'main' });
}

/** A pass that wants nothing any more of the policy, unless told otherwise. */
function retire(over: Partial<Retiring> & { readonly reason?: Reason } = {}) {
  const { reason = 'UpToDate', ...rest } = over;
  const policies = new Set([POLICY]);
  const ports = { forge, base: 'main', head: 'c1', ended: new EndedMemory() };
  return retirePullRequests(
    {
      desk: new PullRequestDesk(ports),
      automation: 'apps/update',
      wanted: new Set(),
      idle: [],
      found: { decisions: [{ policy: POLICY, reason }], applied: policies, known: policies },
      ownHeads: async (names) => new Map(names.map((name) => [name, `head of ${name}`])),
      deleteBranch: async ({ name, expected }) => {
        deleted.push(`${name} at ${expected}`);
      },
      dryRun: false,
      checkMayWrite: () => undefined,
      ...rest,
    },
    never,
  );
}

describe('a pull request that has nothing to do any more', () => {
  it('is closed with a word of why, and its branch is deleted', async () => {
    await open();
    expect(await retire()).toEqual([
      {
        group: 'all',
        branch: BRANCH,
        title: 'Update',
        url: 'https://git.example.com/config/pulls/1',
        state: 'closed',
      },
    ]);
    expect(forge.all).toMatchObject([
      { state: 'closed', comments: [expect.stringContaining('refuses no tag')] },
    ]);
    expect(deleted).toEqual([`${BRANCH} at head of ${BRANCH}`]);
  });

  it('is nobody’s refusal, even if this process dies before it is closed', async () => {
    const { number } = await open();
    forge.close = async () => {
      throw new Error('killed');
    };
    await expect(retire()).rejects.toThrow('killed');
    forge.end(number, 'closed');
    expect(refusedOf(POLICY, forge.all)).toEqual([]);
  });

  it('is only told of in a dry run', async () => {
    await open();
    expect(await retire({ dryRun: true })).toMatchObject([{ state: 'to-close' }]);
    expect(forge.all).toMatchObject([{ state: 'open', body: BODY }]);
    expect(deleted).toEqual([]);
  });
});

describe('a pull request stays', () => {
  it.each([
    { name: 'while a scan fails', over: { reason: 'ScanFailed' as const } },
    { name: 'while a window is closed', over: { reason: 'WindowClosed' as const } },
    { name: 'while its branch is wanted', over: { wanted: new Set([BRANCH]) } },
    { name: 'where its branch holds what is not ours', over: { ownHeads: async () => new Map() } },
  ])('$name', async ({ over }) => {
    await open();
    expect(await retire(over)).toEqual([]);
    expect(forge.all).toMatchObject([{ state: 'open' }]);
    expect(deleted).toEqual([]);
  });

  it.each([
    { name: 'of another automation', body: BODY.replace('apps/update', 'apps/other') },
    { name: 'of a person', body: 'please' },
    { name: 'that does not say what it proposes', body: 'Lockkeeper-Group: apps/update all' },
  ])('$name', async ({ body }) => {
    await open(body);
    expect(await retire()).toEqual([]);
    expect(forge.calls).toEqual(['create', 'list']);
  });
});

describe('the branch of a group that wants nothing', () => {
  const idle = [BRANCH];

  it('is deleted once its pull request was merged', async () => {
    const { number } = await open();
    forge.end(number, 'merged');
    await retire({ idle });
    expect(deleted).toHaveLength(1);
  });

  it('is deleted where it never had one, or this program closed it', async () => {
    await retire({ idle });
    expect(deleted).toHaveLength(1);
    const { number } = await open(supersededBody(BODY));
    forge.end(number, 'closed');
    await retire({ idle });
    expect(deleted).toHaveLength(2);
  });

  it('stays where a person closed it, so that it can be reopened', async () => {
    const { number } = await open();
    forge.end(number, 'closed');
    await retire({ idle, reason: 'Held' });
    expect(deleted).toEqual([]);
  });

  it('stays in a dry run, and where it is not ours', async () => {
    await retire({ idle, dryRun: true });
    await retire({ idle, ownHeads: async () => new Map() });
    expect(deleted).toEqual([]);
  });
});
