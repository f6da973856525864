import { describe, expect, it } from 'vitest';
import type { PassedOver } from '../../../src/domain/gates/gate-verdict.ts';
import { isUnpromoted, nothingThrough } from '../../../src/domain/gates/held-back.ts';

const at = new Date('2026-06-01T12:00:00Z');
const closed = (tag: string, reason?: 'NotPromoted' | 'Soaking'): PassedOver => ({
  tag,
  verdict: { kind: 'closed', message: 'is not', ...(reason === undefined ? {} : { reason }) },
});
const waiting = (tag: string, reason: 'MinimumAge' | 'Soaking'): PassedOver => ({
  tag,
  verdict: { kind: 'waiting', message: 'waits', reason, firstSeen: at, eligibleAt: at },
});

describe('the choice where nothing was let through', () => {
  it.each([
    {
      name: 'no candidate',
      passedOver: [],
      want: { kind: 'none', message: 'no tag is allowed' },
    },
    {
      name: 'only what can never be chosen',
      passedOver: [closed('2'), closed('1')],
      want: { kind: 'none', message: '2 is not (and 1 more)' },
    },
    {
      name: 'what waits, before all else',
      passedOver: [closed('3', 'NotPromoted'), waiting('2', 'MinimumAge'), closed('1')],
      want: { kind: 'blocked', reason: 'MinimumAge', message: '2 waits (and 2 more)' },
    },
    {
      name: 'what soaks',
      passedOver: [waiting('2', 'Soaking')],
      want: { kind: 'blocked', reason: 'Soaking', message: '2 waits' },
    },
    {
      name: 'what is not promoted, before what can never be chosen',
      passedOver: [closed('2'), closed('1', 'NotPromoted')],
      want: { kind: 'blocked', reason: 'NotPromoted', message: '1 is not (and 1 more)' },
    },
  ])('of $name', ({ passedOver, want }) => {
    expect(nothingThrough({ passedOver, isCut: false })).toEqual(want);
  });

  it('says that there were more', () => {
    expect(nothingThrough({ passedOver: [closed('1')], isCut: true })).toEqual({
      kind: 'none',
      message: '1 is not; older tags were not asked about',
    });
  });
});

describe('a tag is not promoted', () => {
  it.each([
    { of: [closed('1', 'NotPromoted')], want: true },
    { of: [closed('1', 'Soaking')], want: true },
    { of: [waiting('1', 'Soaking')], want: true },
    { of: [waiting('1', 'MinimumAge')], want: false },
    { of: [closed('1')], want: false },
    { of: [closed('2', 'Soaking')], want: false },
    { of: [], want: false },
  ])('$want: %#', ({ of, want }) => {
    expect(isUnpromoted('1', of)).toBe(want);
  });
});
