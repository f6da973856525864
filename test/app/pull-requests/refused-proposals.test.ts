import { beforeEach, describe, expect, it } from 'vitest';
import { HoldMemory } from '../../../src/app/holds/hold-memory.ts';
import { EndedMemory } from '../../../src/app/pull-requests/ended-memory.ts';
import { PullRequestDesk } from '../../../src/app/pull-requests/pull-request-desk.ts';
import { refusedProposals } from '../../../src/app/pull-requests/refused-proposals.ts';
import type { OnRevert } from '../../../src/domain/plan/hold.ts';
import { planUpdate } from '../../../src/domain/plan/update-plan.ts';
import { automation, field, policy, view } from '../../support/builders.ts';
import { MemoryForge } from '../../support/memory-forge.ts';
import { MemoryBranch, never } from '../../support/memory-ports.ts';

const BRANCH = 'lockkeeper/apps-update';
const PODINFO = 'ghcr.io/stefanprodan/podinfo';

let forge: MemoryForge;
let ended: EndedMemory;
beforeEach(() => {
  forge = new MemoryForge();
  ended = new EndedMemory();
});

const propose = (to: string) =>
  forge.create({
    title: 'Update',
    body: `Lockkeeper-Group: apps/update all\nImage-Update: apps/podinfo ${PODINFO}:6.1.0 -> ${to}\n`,
    branch: BRANCH,
    base: 'main',
  });

/** What is refused of a wish for a tag. @param head the base's */
async function refused(
  to: string,
  {
    mode = 'SkipTag',
    head = 'c1',
    policies = ['apps/podinfo', 'apps/podinfo'],
    says = '',
  }: {
    readonly mode?: OnRevert;
    readonly head?: string;
    /** Whose fields there are. */
    readonly policies?: readonly string[];
    /** Message of the last commit. */
    readonly says?: string;
  } = {},
) {
  const views = new Map(policies.map((key) => [key, view(policy({}, key), { tags: [to] })]));
  const known = new Set(views.keys());
  const fields = policies.map((marker, document) =>
    field(`${PODINFO}:6.1.0`, { marker, document }),
  );
  const input = { fields, views, known, now: new Date(0) };
  const moves = planUpdate(input).decisions.filter(({ edits }) => edits.length > 0);
  const desk = new PullRequestDesk({ forge, base: 'main', head, ended });
  const find = refusedProposals({
    desk,
    automation: automation(),
    mode,
    releases: { history: historyOf(says), head, memory: new HoldMemory() },
  });
  const found = await find(moves, input, never);
  return [...found.values()].map((holds) => holds.map(({ rejected }) => rejected));
}

/** Two commits, the first of them an hour before all that happens here. */
function historyOf(message: string): Pick<MemoryBranch, 'log'> {
  const branch = new MemoryBranch({});
  branch.commitByOther({}, { message, time: new Date(0) });
  return {
    log: (_from, max) => branch.log(message === '' ? 'c0' : 'c1', max),
  };
}

describe('what persons refused by closing pull requests', () => {
  it('is found for each field, and asked for once', async () => {
    const { number } = await propose('6.2.0');
    forge.end(number, 'closed');
    forge.calls.length = 0;
    expect(await refused('6.2.0')).toEqual([['6.2.0'], ['6.2.0']]);
    expect(forge.calls).toEqual(['list', 'list']);
  });

  it('is not asked for again while the base stays and the same is wanted', async () => {
    const { number } = await propose('6.2.0');
    forge.end(number, 'closed');
    await refused('6.2.0');
    forge.calls.length = 0;
    expect(await refused('6.2.0')).toEqual([['6.2.0'], ['6.2.0']]);
    expect(forge.calls).toEqual(['list']);
    expect(await refused('6.2.0', { head: 'c2' })).toEqual([['6.2.0'], ['6.2.0']]);
    expect(forge.calls).toEqual(['list', 'list', 'list']);
  });

  it('is nothing of what stands in an open one, which costs that one list', async () => {
    await propose('6.2.0');
    forge.calls.length = 0;
    expect(await refused('6.2.0')).toEqual([]);
    expect(forge.calls).toEqual(['list']);
  });

  it('is asked for anew when something else is wanted', async () => {
    const { number } = await propose('6.2.0');
    forge.end(number, 'closed');
    await refused('6.2.0');
    const again = await propose('6.3.0');
    forge.end(again.number, 'closed');
    expect(await refused('6.3.0')).toEqual([
      ['6.3.0', '6.2.0'],
      ['6.3.0', '6.2.0'],
    ]);
  });

  it('is not what was reopened', async () => {
    const { number } = await propose('6.2.0');
    forge.end(number, 'closed');
    expect(await refused('6.3.0', { mode: 'Hold' })).toEqual([['6.2.0'], ['6.2.0']]);
    forge.reopen(number);
    expect(await refused('6.3.0', { mode: 'Hold' })).toEqual([[], []]);
  });

  it.each([
    { policy: 'apps/podinfo', number: 1, want: [] },
    { policy: 'apps/other', number: 1, want: ['6.2.0'] },
    { policy: 'apps/podinfo', number: 2, want: ['6.2.0'] },
  ])('is not what a commit releases: $policy in $number', async ({ policy: key, number, want }) => {
    const { url } = await propose('6.2.0');
    forge.end(1, 'closed', { closedAt: new Date(3_600_000) });
    const says = `Release\n\nImage-Release: ${key} ${url.replace(/1$/, String(number))}\n`;
    expect(await refused('6.2.0', { says })).toEqual([want, want]);
  });

  it('is looked for in history from a day before, and no further', async () => {
    const { url } = await propose('6.2.0');
    forge.end(1, 'closed', { closedAt: new Date(25 * 3_600_000) });
    const says = `Image-Release: apps/podinfo ${url}\n`;
    expect(await refused('6.2.0', { says })).toEqual([['6.2.0'], ['6.2.0']]);
  });

  it('of one policy says nothing about another on the same branch', async () => {
    const { number } = await propose('6.2.0');
    forge.end(number, 'closed');
    await refused('6.2.0');
    forge.calls.length = 0;
    expect(await refused('6.2.0', { policies: ['apps/podinfo', 'apps/other'] })).toEqual([
      ['6.2.0'],
      [],
    ]);
    expect(forge.calls).toEqual(['list', 'list']);
  });
});
