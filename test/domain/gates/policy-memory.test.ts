import { describe, expect, it } from 'vitest';
import { MAX_PENDING } from '../../../src/api/image-policy-status.ts';
import type { PassedOver } from '../../../src/domain/gates/gate-verdict.ts';
import {
  isEmpty,
  keptMemory,
  keptMemorySchema,
  nextMemory,
  pendingOf,
  readMemory,
  underOtherRules,
  type PolicyMemory,
} from '../../../src/domain/gates/policy-memory.ts';
import type { Choice } from '../../../src/domain/plan/policy-view.ts';
import { digest } from '../../support/builders.ts';

const IMAGE = 'ghcr.io/stefanprodan/podinfo';
const noon = new Date('2026-06-01T12:00:00Z');
const list = { since: noon, tagCount: 3, revision: 'r1' };

/** A date so many minutes after noon. */
function after(minutes: number): Date {
  return new Date(noon.getTime() + minutes * 60_000);
}

function waiting(tag: string, minutes: number, hex?: string): PassedOver {
  return {
    tag,
    verdict: {
      kind: 'waiting',
      reason: 'MinimumAge',
      message: 'waits',
      firstSeen: after(minutes),
      eligibleAt: after(minutes + 60),
      ...(hex === undefined ? {} : { digest: digest(hex) }),
    },
  };
}

describe('what is kept of a memory', () => {
  it.each<{ readonly name: string; readonly memory: PolicyMemory }>([
    {
      name: 'a choice by tag and digest, candidates and the list',
      memory: {
        chosen: { tag: '6.1.0', digest: digest('a') },
        sightings: [{ tag: '6.2.0', digest: digest('b'), firstSeen: noon }],
        list,
      },
    },
    { name: 'a choice by tag', memory: { chosen: { tag: '6.1.0' }, sightings: [] } },
    { name: 'a list alone', memory: { sightings: [], list } },
  ])('gives it back: $name', ({ memory }) => {
    const kept: unknown = JSON.parse(JSON.stringify(keptMemory(memory, IMAGE)));
    expect(readMemory(keptMemorySchema.parse(kept), IMAGE)).toEqual(memory);
  });

  it('is nothing where nothing was seen', () => {
    expect(readMemory({}, IMAGE)).toBeUndefined();
    expect(readMemory(keptMemory({ sightings: [] }, IMAGE), IMAGE)).toBeUndefined();
  });

  it.each<{ readonly name: string; readonly memory: PolicyMemory; readonly want: boolean }>([
    { name: 'nothing', memory: { sightings: [] }, want: true },
    { name: 'a choice', memory: { sightings: [], chosen: { tag: '6.1.0' } }, want: false },
    { name: 'a list', memory: { sightings: [], list }, want: false },
    {
      name: 'a candidate',
      memory: { sightings: [{ tag: '6.2.0', digest: digest('b'), firstSeen: noon }] },
      want: false,
    },
  ])('is empty with $name: $want', ({ memory, want }) => {
    expect(isEmpty(memory)).toBe(want);
  });

  it('says nothing of another image', () => {
    const kept = keptMemory({ chosen: { tag: '6.1.0' }, sightings: [], list }, IMAGE);
    expect(readMemory(kept, 'ghcr.io/stefanprodan/other')).toBeUndefined();
  });

  it('knows candidates of other versions, whose digest was not kept, no more', () => {
    const pending = [{ tag: '6.2.0', firstSeen: '2026-06-01T12:00:00Z', eligibleAt: '' }];
    expect(readMemory({ pending }, IMAGE)).toEqual({ sightings: [] });
  });

  it('is those that are eligible soonest, of very many', () => {
    const sightings = Array.from({ length: MAX_PENDING + 5 }, (_, index) => ({
      tag: `1.0.${index}`,
      digest: digest('a'),
      firstSeen: after(-index),
    }));
    const { pending = [] } = keptMemory({ sightings }, IMAGE);
    expect(pending).toHaveLength(MAX_PENDING);
    expect(pending[0]).toMatchObject({ tag: `1.0.${MAX_PENDING + 4}` });
  });
});

describe('the memory after a look', () => {
  const before: PolicyMemory = {
    chosen: { tag: '6.1.0' },
    sightings: [{ tag: '6.2.0', digest: digest('b'), firstSeen: noon }],
    list,
    hasOtherRules: true,
  };
  const selected: Choice = { kind: 'selected', tag: '6.2.0' };

  it.each<{
    readonly name: string;
    readonly choice: Choice;
    readonly chosen: PolicyMemory['chosen'];
  }>([
    { name: 'what is chosen now', choice: selected, chosen: { tag: '6.2.0' } },
    {
      name: 'what is chosen now, with its digest',
      choice: { ...selected, digest: digest('c') },
      chosen: { tag: '6.2.0', digest: digest('c') },
    },
    {
      name: 'the former choice while the present one is held back',
      choice: { kind: 'blocked', reason: 'MinimumAge', message: 'waits' },
      chosen: { tag: '6.1.0' },
    },
    {
      name: 'no choice where there is none',
      choice: { kind: 'none', message: '' },
      chosen: undefined,
    },
  ])('has $name', ({ choice, chosen }) => {
    expect(nextMemory(before, { choice, passedOver: [] })).toEqual({
      sightings: [],
      ...(chosen === undefined ? {} : { chosen }),
    });
  });

  it('keeps the time of a list that is as before, and takes that of another', () => {
    const look = { choice: selected, passedOver: [] };
    const [same, other] = ['r1', 'r2'].map((revision) =>
      nextMemory(before, { ...look, list: { at: after(5), tagCount: 4, revision } }),
    );
    expect(same?.list).toEqual(list);
    expect(other?.list).toEqual({ since: after(5), tagCount: 4, revision: 'r2' });
  });

  it('has the candidates whose digest was seen, and not those that a gate closed to', () => {
    const closed: PassedOver = { tag: '6.4.0', verdict: { kind: 'closed', message: 'no' } };
    const passedOver = [closed, waiting('6.3.0', 1, 'c'), waiting('6.2.0', 2)];
    expect(nextMemory(before, { choice: selected, passedOver }).sightings).toEqual([
      { tag: '6.3.0', digest: digest('c'), firstSeen: after(1) },
    ]);
  });

  it('is marked where the rules have changed since', () => {
    expect(underOtherRules({ sightings: [], list })).toEqual({
      sightings: [],
      list,
      hasOtherRules: true,
    });
  });
});

describe('what status says of candidates that wait', () => {
  it('is nothing where none does', () => {
    const closed: PassedOver = { tag: '6.4.0', verdict: { kind: 'closed', message: 'no' } };
    expect(pendingOf([closed])).toBeUndefined();
  });

  it('is since when and until when, the soonest first', () => {
    expect(pendingOf([waiting('6.3.0', 2, 'c'), waiting('6.2.0', 1)])).toEqual([
      { tag: '6.2.0', firstSeen: '2026-06-01T12:01:00Z', eligibleAt: '2026-06-01T13:01:00Z' },
      {
        tag: '6.3.0',
        digest: digest('c'),
        firstSeen: '2026-06-01T12:02:00Z',
        eligibleAt: '2026-06-01T13:02:00Z',
      },
    ]);
  });
});
