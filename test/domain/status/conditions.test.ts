import { describe, expect, it } from 'vitest';
import type { Condition } from '../../../src/api/conditions.ts';
import { conditionsOf, type Verdict } from '../../../src/domain/status/conditions.ts';

const now = new Date('2026-06-01T12:00:00.123Z');
const later = new Date('2026-06-01T13:00:00Z');

function verdict(over: Partial<Verdict> = {}): Verdict {
  return { state: 'ready', reason: 'Succeeded', message: 'all is well', ...over };
}

function shown(conditions: readonly Condition[]): readonly string[] {
  return conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

const failing = verdict({ state: 'failing', reason: 'ScanFailed', message: 'no answer' });

describe('conditions', () => {
  it.each([
    { name: 'ready', given: verdict(), want: ['Ready=True Succeeded'] },
    {
      name: 'failing, and tried again',
      given: failing,
      want: ['Ready=False ScanFailed', 'Reconciling=True Progressing'],
    },
    {
      name: 'waiting for something outside',
      given: verdict({ state: 'blocked', reason: 'NoMatchingTag' }),
      want: ['Ready=False NoMatchingTag'],
    },
    {
      name: 'waiting for a change of the spec',
      given: verdict({ state: 'stalled', reason: 'InvalidSpec' }),
      want: ['Ready=False InvalidSpec', 'Stalled=True InvalidSpec'],
    },
  ])('say that an object is $name, whatever was before', ({ given, want }) => {
    for (const before of [
      verdict(),
      failing,
      verdict({ state: 'stalled', reason: 'InvalidSpec' }),
    ]) {
      const previous = conditionsOf(before, [], { generation: 1, now });
      expect(shown(conditionsOf(given, previous, { generation: 2, now })).toSorted()).toEqual(want);
    }
  });

  it('all tell the generation that they are about', () => {
    const conditions = conditionsOf(failing, [], { generation: 7, now });
    expect(conditions.map(({ observedGeneration }) => observedGeneration)).toEqual([7, 7]);
  });

  it('keep the time of a transition until the next, to the second', () => {
    const first = conditionsOf(verdict(), [], { generation: 1, now });
    const second = conditionsOf(verdict({ message: 'still' }), first, {
      generation: 2,
      now: later,
    });
    const third = conditionsOf(failing, second, { generation: 2, now: later });
    const times = [first, second, third].map(([ready]) => ready?.lastTransitionTime);
    expect(times).toEqual(['2026-06-01T12:00:00Z', '2026-06-01T12:00:00Z', '2026-06-01T13:00:00Z']);
  });

  it('are the same, to the byte, for the same verdict', () => {
    const first = conditionsOf(failing, [], { generation: 1, now });
    expect(conditionsOf(failing, first, { generation: 1, now: later })).toEqual(first);
  });

  it('of other types stay as they are', () => {
    const foreign = { type: 'Healthy', status: 'True' } as unknown as Condition;
    expect(conditionsOf(verdict(), [foreign], { generation: 1, now })).toContain(foreign);
  });

  it('cut a message that no person would read', () => {
    const [ready] = conditionsOf(verdict({ message: 'x'.repeat(5_000) }), [], {
      generation: 1,
      now,
    });
    expect(ready?.message).toHaveLength(1_024);
    expect(ready?.message).toMatch(/x…$/);
  });
});
