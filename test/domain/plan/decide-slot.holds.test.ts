import { describe, expect, it } from 'vitest';
import { decideSlot, type Reverts } from '../../../src/domain/plan/decide-slot.ts';
import type { Hold, OnRevert } from '../../../src/domain/plan/hold.ts';
import { field, lock, policy, slot, view } from '../../support/builders.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const IMAGE = 'ghcr.io/stefanprodan/podinfo';
const tags = ['6.0.0', '6.1.0', '6.2.0'];
const rejected: Hold = { rejected: '6.2.0', by: 'Ana', commit: 'c0ffee' };
const old = slot(field(`${IMAGE}:6.1.0`));

function reverts(mode: OnRevert, ...holds: readonly Hold[]): Reverts {
  return { mode, holdsOf: () => holds };
}

function decide(given: Reverts, { of = old } = {}) {
  return decideSlot(of, view(policy(), { tags }), { now: NOW, reverts: given });
}

describe('a slot that a person moved away from what we wrote', () => {
  it('stays as it is, and says who did so and what would lift it', () => {
    expect(decide(reverts('SkipTag', rejected))).toMatchObject({
      reason: 'Held',
      message:
        'held at 6.1.0: Ana moved it away from 6.2.0 in c0ffee; until there is a tag newer than 6.2.0',
      hold: rejected,
      choice: '6.2.0',
      edits: [],
    });
  });

  it.each<{ readonly name: string; readonly given: Reverts; readonly want: string }>([
    { name: 'nothing was taken back', given: reverts('SkipTag'), want: 'NewTag' },
    {
      name: 'an older tag was, and newer ones may pass',
      given: reverts('SkipTag', { rejected: '6.1.0' }),
      want: 'NewTag',
    },
    {
      name: 'an older tag was, and only a person may go on',
      given: reverts('Hold', { rejected: '6.1.0' }),
      want: 'Held',
    },
    { name: 'it does not count', given: reverts('Override', rejected), want: 'NewTag' },
    {
      name: 'one of several refuses the choice',
      given: reverts('SkipTag', { rejected: '6.1.0' }, rejected),
      want: 'Held',
    },
  ])('is decided on as $want where $name', ({ given, want }) => {
    expect(decide(given).reason).toBe(want);
  });

  it('moves all the same where a lock says so', () => {
    const of = slot(field(`${IMAGE}:6.1.0`, { locks: [lock({ tag: '6.2.0' })] }));
    expect(decide(reverts('Hold', rejected), { of })).toMatchObject({
      reason: 'Locked',
      target: '6.2.0',
    });
  });

  it('is up to date where it holds the choice already', () => {
    const of = slot(field(`${IMAGE}:6.2.0`));
    expect(decide(reverts('Hold', rejected), { of }).reason).toBe('UpToDate');
  });
});
