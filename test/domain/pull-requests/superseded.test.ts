import { describe, expect, it } from 'vitest';
import { REASONS, type Reason } from '../../../src/domain/plan/slot-verdict.ts';
import { foundBy, isSettled } from '../../../src/domain/pull-requests/superseded.ts';

const A = 'apps/a';
const known = new Set([A]);

const settled = (...reasons: readonly Reason[]) =>
  isSettled(A, {
    decisions: reasons.map((reason) => ({ policy: A, reason })),
    applied: known,
    known,
  });

describe('what a policy once proposed', () => {
  const certain: readonly Reason[] = [
    'NewTag',
    'UpToDate',
    'Locked',
    'PinnedByDigest',
    'Downgrade',
    'Held',
  ];
  it.each(REASONS)('is done with or not when a slot of it is %s', (reason) => {
    expect(settled('UpToDate', reason)).toBe(certain.includes(reason));
  });

  it('is done with when no slot is left, whatever becomes of others', () => {
    const decisions = [{ policy: 'apps/b', reason: 'ScanFailed' as const }];
    expect(isSettled(A, { decisions, applied: known, known })).toBe(true);
  });

  it('is done with when the policy is gone, and not while it cannot be used', () => {
    const nothing = { decisions: [], applied: new Set<string>() };
    expect(isSettled(A, { ...nothing, known: new Set() })).toBe(true);
    expect(isSettled(A, { ...nothing, known })).toBe(false);
  });
});

it('is judged by the decisions of a plan, and by the policies that apply in it', () => {
  const decisions = [{ policy: 'apps/a', reason: 'UpToDate' as const }];
  const plan = { decisions } as unknown as Parameters<typeof foundBy>[0]['plan'];
  const found = foundBy({ plan, views: new Map([['apps/a', 1]]), known: new Set(['apps/b']) });
  expect(found).toEqual({ decisions, applied: new Set(['apps/a']), known: new Set(['apps/b']) });
});
