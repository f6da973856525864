import { describe, expect, it } from 'vitest';
import {
  effectiveLock,
  hasExpired,
  lockedTags,
  nextExpiry,
  policyLock,
} from '../../../src/domain/plan/effective-lock.ts';
import { digest, field, lock, policy, slot, unmarked } from '../../support/builders.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const PAST = '2026-06-01T11:59:59Z';
const FUTURE = '2026-06-01T12:00:01Z';

describe('the lock in effect', () => {
  const [onField, onWorkload] = [lock({ scope: 'field', tag: '1' }), lock({ tag: '2' })];
  const locking = policy({ lock: { tag: '3' } });

  it.each([
    { name: 'the field’s, of all three', locks: [onField, onWorkload], of: locking, tag: '1' },
    { name: 'the field’s, in any order', locks: [onWorkload, onField], of: locking, tag: '1' },
    { name: 'the workload’s, over the policy’s', locks: [onWorkload], of: locking, tag: '2' },
    { name: 'the policy’s, where there is no other', locks: [], of: locking, tag: '3' },
    { name: 'none', locks: [], of: policy(), tag: undefined },
    {
      name: 'the workload’s, when the field’s has expired',
      locks: [{ ...onField, until: PAST }, onWorkload],
      of: locking,
      tag: '2',
    },
    {
      name: 'the policy’s, when the others have expired',
      locks: [
        { ...onField, until: PAST },
        { ...onWorkload, until: PAST },
      ],
      of: locking,
      tag: '3',
    },
    {
      name: 'none, when all have expired',
      locks: [{ ...onWorkload, until: PAST }],
      of: policy({ lock: { tag: '3', until: PAST } }),
      tag: undefined,
    },
  ])('is $name', ({ locks, of, tag }) => {
    expect(effectiveLock(slot(field('a:1', { locks })), of, NOW)?.tag).toBe(tag);
  });

  it('may stand at any field of the slot', () => {
    const of = slot(field('a', { part: 'name' }), field('1', { part: 'tag', locks: [onField] }));
    expect(effectiveLock(of, policy(), NOW)).toBe(onField);
  });
});

describe('a lock', () => {
  it.each([
    { name: 'without an end', until: undefined, expired: false },
    { name: 'before its end', until: FUTURE, expired: false },
    { name: 'at its end', until: NOW.toISOString(), expired: true },
    { name: 'after its end', until: PAST, expired: true },
    {
      name: 'at its end, given in another zone',
      until: '2026-06-01T14:00:00+02:00',
      expired: true,
    },
    { name: 'whose end cannot be read', until: 'tomorrow', expired: false },
  ])('$name has expired: $expired', ({ until, expired }) => {
    expect(hasExpired(until === undefined ? {} : { until }, NOW)).toBe(expired);
  });
});

describe('the lock of a policy', () => {
  it('carries all that is said of it', () => {
    const said = { tag: '1', digest: digest('a'), reason: 'why', by: 'ana', until: FUTURE };
    expect(policyLock(policy({ lock: said }))).toEqual({
      scope: 'policy',
      ...said,
      at: { path: 'ImagePolicy apps/podinfo' },
    });
  });

  it('may be a bare one', () => {
    expect(policyLock(policy({ lock: {} }))).toEqual({
      scope: 'policy',
      at: { path: 'ImagePolicy apps/podinfo' },
    });
    expect(policyLock(policy())).toBeUndefined();
  });
});

describe('tags that locks name', () => {
  it('are sorted by the policies that they may concern', () => {
    const web = policy({ lock: { tag: 'own' } }, 'apps/web');
    const job = policy({ lock: { tag: 'gone', until: PAST } }, 'apps/job');
    const fields = [
      field('a:1', { marker: 'apps/web', locks: [lock({ tag: 'w' }), lock({})] }),
      field('a:1', { marker: 'apps/web', locks: [lock({ tag: 'old', until: PAST })] }),
      field('a:1', { marker: 'apps/other', locks: [lock({ tag: 'o' })] }),
      unmarked(field('a:1', { locks: [lock({ tag: 'anyone' })] })),
    ];
    const tags = lockedTags(fields, [web, job], NOW);
    expect([...tags].map(([key, names]) => [key, [...names]])).toEqual([
      ['apps/web', ['own', 'w', 'anyone']],
      ['apps/job', ['anyone']],
    ]);
  });
});

describe('the next expiry', () => {
  it('is the earliest that is still to come, of any level', () => {
    const fields = [
      field('a:1', { locks: [lock({ until: '2026-06-03T00:00:00Z' }), lock({ until: PAST })] }),
      field('a:1', { locks: [lock({ until: 'never' }), lock({})] }),
    ];
    const locking = policy({ lock: { until: '2026-06-02T00:00:00Z' } });
    expect(nextExpiry(fields, [policy(), locking], NOW)).toEqual(new Date('2026-06-02T00:00:00Z'));
    expect(nextExpiry(fields, [], NOW)).toEqual(new Date('2026-06-03T00:00:00Z'));
    expect(nextExpiry([], [policy()], NOW)).toBeUndefined();
  });
});
