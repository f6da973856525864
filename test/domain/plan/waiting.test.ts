import { describe, expect, it } from 'vitest';
import { planUpdate } from '../../../src/domain/plan/update-plan.ts';
import { keepWaiting, mayWait, waitSummary, type Wait } from '../../../src/domain/plan/waiting.ts';
import { field, lock, policy, view } from '../../support/builders.ts';

const IMAGE = 'ghcr.io/stefanprodan/podinfo';
const WAIT: Wait = { reason: 'WindowClosed', text: 'until Monday (deny)' };
const views = new Map([
  ['apps/podinfo', view(policy(), { tags: ['6.0.0', '6.1.0', '6.2.0'] })],
] as const);

function planOf(...fields: readonly ReturnType<typeof field>[]) {
  const placed = fields.map((one, index) => ({ ...one, keyPath: [index] }));
  return planUpdate({
    fields: placed,
    views,
    known: new Set(views.keys()),
    now: new Date('2026-06-01T12:00:00Z'),
  });
}

describe('a change that waits', () => {
  it('is told of with the choice, and not made', () => {
    const [decision] = keepWaiting(planOf(field(`${IMAGE}:6.1.0`)), mayWait, WAIT).decisions;
    expect(decision).toMatchObject({
      reason: 'WindowClosed',
      message: '6.1.0 -> 6.2.0 waits until Monday (deny)',
      current: '6.1.0',
      choice: '6.2.0',
      edits: [],
    });
    expect(decision).not.toHaveProperty('target');
  });

  it('leaves the others as they are', () => {
    const plan = planOf(field(`${IMAGE}:6.1.0`), field(`${IMAGE}:6.0.0`));
    const [first] = plan.decisions;
    const kept = keepWaiting(plan, (decision) => decision === first, WAIT);
    expect(kept.decisions.map(({ reason }) => reason)).toEqual(['WindowClosed', 'NewTag']);
    expect(kept.decisions[1]).toBe(plan.decisions[1]);
  });

  it.each([
    { name: 'what is up to date', of: field(`${IMAGE}:6.2.0`), reason: 'UpToDate' },
    { name: 'what is newer', of: field(`${IMAGE}:9.0.0`), reason: 'Downgrade' },
    {
      name: 'what a lock moves',
      of: field(`${IMAGE}:6.1.0`, { locks: [lock({ tag: '6.0.0' })] }),
      reason: 'Locked',
    },
  ])('is never $name', ({ of, reason }) => {
    const plan = planOf(of);
    expect(plan.decisions).toMatchObject([{ reason }]);
    expect(keepWaiting(plan, mayWait, WAIT)).toEqual(plan);
  });
});

describe('the summary of what waits', () => {
  const waits = { reason: 'WindowClosed' } as const;

  it.each([
    { name: 'nothing where nothing keeps it', decisions: [waits], wait: undefined },
    { name: 'nothing where none does', decisions: [{ reason: 'NewTag' } as const], wait: WAIT },
    {
      name: 'how long one does',
      decisions: [waits],
      wait: WAIT,
      want: '1 location to be changed waits until Monday (deny)',
    },
    {
      name: 'how many do, and not those that wait for something else',
      decisions: [waits, { reason: 'MinimumAge' } as const, waits],
      wait: WAIT,
      want: '2 locations to be changed wait until Monday (deny)',
    },
  ])('says $name', ({ decisions, wait, want }) => {
    expect(waitSummary(decisions, wait)).toBe(want);
  });
});
