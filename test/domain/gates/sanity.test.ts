import { describe, expect, it } from 'vitest';
import type { PolicyMemory } from '../../../src/domain/gates/policy-memory.ts';
import { doubtAbout, suspicionOf } from '../../../src/domain/gates/sanity.ts';

/** Tags are numbers here; `x` has no order. */
const compare = (a: string, b: string) => (a === 'x' || b === 'x' ? undefined : +a - +b);

describe('an older choice that was not the scan’s doing', () => {
  it.each([
    { explained: '5', doubt: undefined },
    { explained: '4', doubt: '4 would be chosen and is older than 5' },
  ])('is no reason for doubt: $explained is held back', ({ explained, doubt }) => {
    const now = {
      tagCount: 3,
      chosen: '4',
      hasTag: () => true,
      compare,
      isExplained: (tag: string) => tag === explained,
    };
    expect(doubtAbout({ tagCount: 3, chosen: '5' }, now)).toBe(doubt);
  });
});

describe('a scan', () => {
  it.each([
    { name: 'the same again', before: [40, '5'], now: [40, '5'], tags: ['5'], doubt: undefined },
    { name: 'a newer choice', before: [40, '5'], now: [41, '6'], tags: ['6'], doubt: undefined },
    { name: 'half of the tags', before: [40, '5'], now: [20, '5'], tags: ['5'], doubt: undefined },
    { name: 'less than half', before: [40, '5'], now: [19, '5'], tags: ['5'], doubt: /40 to 19/ },
    {
      name: 'less than half of few',
      before: [9, '5'],
      now: [1, '5'],
      tags: ['5'],
      doubt: undefined,
    },
    {
      name: 'an older choice, the former one being gone',
      before: [40, '5'],
      now: [39, '4'],
      tags: ['4'],
      doubt: /4 would be chosen and is older than 5, which is not in the list any more/,
    },
    {
      name: 'an older choice, the former one being there',
      before: [40, '5'],
      now: [40, '4'],
      tags: ['4', '5'],
      doubt: /4 would be chosen and is older than 5$/,
    },
    { name: 'no choice', before: [3, '5'], now: [2, undefined], tags: [], doubt: /no tag/ },
    { name: 'a choice at last', before: [3, undefined], now: [3, '5'], tags: [], doubt: undefined },
    {
      name: 'a choice of no order',
      before: [3, '5'],
      now: [3, 'x'],
      tags: ['5'],
      doubt: undefined,
    },
    {
      name: 'the same, the former gone',
      before: [3, '5'],
      now: [3, 'x'],
      tags: [],
      doubt: /older/,
    },
  ] as const)('with $name is judged', ({ before, now, tags, doubt }) => {
    const result = ([tagCount, chosen]: readonly [number, string | undefined]) => ({
      tagCount,
      ...(chosen === undefined ? {} : { chosen }),
    });
    const known: readonly string[] = tags;
    const hasTag = (tag: string) => known.includes(tag);
    const found = doubtAbout(result(before), { ...result(now), hasTag, compare });
    if (doubt === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(doubt);
  });
});

describe('a doubt', () => {
  const at = (seconds: number) => new Date(Date.UTC(2026, 5, 1, 12, 0, seconds));
  const memory = (tagCount: number, chosen: string, since = at(0)): PolicyMemory => ({
    chosen: { tag: chosen },
    sightings: [],
    list: { since, tagCount, revision: `${tagCount} ${chosen}` },
  });
  const look = (before: PolicyMemory, after: PolicyMemory, seconds: number) =>
    suspicionOf(before, after, { at: at(seconds), hasTag: () => false, compare });
  const before = memory(40, '5');
  const first = look(before, memory(10, '4'), 0);
  const doubted = { ...before, ...(first === undefined ? {} : { doubt: first.doubt }) };

  it('says what is wrong, and when it may be confirmed', () => {
    expect(first?.message).toBe(
      'the list of tags fell from 40 to 10; nothing is changed until a scan after 2026-06-01T12:00:30Z confirms it',
    );
    expect(first?.confirmAt).toEqual(at(30));
  });

  it.each([
    { name: 'is confirmed by a scan that agrees, late enough', tags: 10, tag: '4', after: 30 },
    { name: 'is confirmed by one with a newer choice', tags: 11, tag: '6', after: 30 },
    { name: 'is over when all is as before', tags: 40, tag: '5', after: 10 },
  ])('$name', ({ tags, tag, after }) => {
    expect(look(doubted, memory(tags, tag), after)).toBeUndefined();
  });

  it.each([
    { name: 'stays while it is too early', tags: 10, tag: '4', after: 29, until: 30 },
    { name: 'begins anew with yet another short list', tags: 10, tag: '3', after: 30, until: 60 },
    { name: 'begins anew with an even shorter one', tags: 4, tag: '4', after: 40, until: 70 },
  ])('$name', ({ tags, tag, after, until }) => {
    expect(look(doubted, memory(tags, tag), after)?.confirmAt).toEqual(at(until));
  });

  it('of a scan without a choice is confirmed by one that has none either', () => {
    const { chosen: _, ...empty } = memory(10, '4');
    const none = look(before, empty, 0);
    expect(none?.doubt).toEqual({ list: empty.list });
    const again = { ...before, ...(none === undefined ? {} : { doubt: none.doubt }) };
    expect(look(again, empty, 30)).toBeUndefined();
  });

  it('needs a list on both sides', () => {
    const { list: _, ...unlisted } = before;
    expect(look(unlisted, memory(10, '4'), 0)).toBeUndefined();
    expect(look(before, unlisted, 0)).toBeUndefined();
  });

  it('is none under other rules than before', () => {
    const other = { ...before, hasOtherRules: true } as const;
    expect(look(other, memory(10, '4'), 0)).toBeUndefined();
  });
});
