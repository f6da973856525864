import { describe, expect, it } from 'vitest';
import { newsOf, replacesSome } from '../../../src/domain/branches/news.ts';
import type { Decision } from '../../../src/domain/plan/decide-slot.ts';
import { field, lock, slot } from '../../support/builders.ts';

const of = slot(field('ghcr.io/stefanprodan/podinfo:6.1.0'));
const moved: Decision = {
  policy: 'apps/podinfo',
  slot: of,
  reason: 'NewTag',
  message: '6.1.0 -> 6.2.0',
  target: '6.2.0',
  edits: [{ field: of.fields[0], value: 'ghcr.io/stefanprodan/podinfo:6.2.0' }],
};

describe('the news for a branch', () => {
  it.each([
    { name: 'all that moves where it holds nothing', decision: moved, held: [], isNew: true },
    {
      name: 'what it holds another tag of',
      decision: moved,
      held: [{ policy: 'apps/podinfo', to: '6.1.5' }],
      isNew: true,
    },
    {
      name: 'what it holds for another policy',
      decision: moved,
      held: [{ policy: 'apps/other', to: '6.2.0' }],
      isNew: true,
    },
    {
      name: 'not what it holds',
      decision: moved,
      held: [{ policy: 'apps/podinfo', to: '6.2.0' }],
      isNew: false,
    },
    {
      name: 'not what a lock moves',
      decision: { ...moved, lock: lock({ tag: '6.2.0' }) },
      held: [],
      isNew: false,
    },
    { name: 'not what stays', decision: { ...moved, edits: [] }, held: [], isNew: false },
  ])('are $name', ({ decision, held, isNew }) => {
    expect(newsOf([decision], held)).toEqual(isNew ? [decision] : []);
  });

  it.each([
    {
      name: 'take the place of an earlier step of their policy',
      policy: 'apps/podinfo',
      want: true,
    },
    { name: 'stand beside the steps of other policies', policy: 'apps/other', want: false },
  ])('$name', ({ policy, want }) => {
    expect(replacesSome([moved], [{ policy, to: '6.1.5' }])).toBe(want);
  });
});
