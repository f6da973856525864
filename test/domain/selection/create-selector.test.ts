import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSelector } from '../../../src/domain/selection/create-selector.ts';
import type { SelectionRules } from '../../../src/domain/selection/selector.ts';

type Filter = SelectionRules['filterTags'];

const semver = (range: string, filterTags?: Filter): SelectionRules => ({
  policy: { semver: { range } },
  filterTags,
});
const numerical = (order: 'asc' | 'desc', filterTags?: Filter): SelectionRules => ({
  policy: { numerical: { order } },
  filterTags,
});
const alphabetical = (order: 'asc' | 'desc', filterTags?: Filter): SelectionRules => ({
  policy: { alphabetical: { order } },
  filterTags,
});
const digest = (tag: string): SelectionRules => ({ policy: { digest: { tag } } });

const buildTime: Filter = { pattern: '^main-[a-f0-9]+-(?P<ts>[0-9]+)$', extract: '$ts' };

function selected(rules: SelectionRules, tags: readonly string[]): string | undefined {
  const selection = createSelector(rules).select(tags);
  return selection.kind === 'selected' ? selection.tag : undefined;
}

function reasonFor(rules: SelectionRules, tag: string): string | undefined {
  const { verdicts } = createSelector(rules).explain([tag, '1.0.0', '2.0.0']);
  return verdicts.find((verdict) => verdict.tag === tag)?.reason;
}

describe('select', () => {
  it.each([
    {
      name: 'highest version',
      rules: semver('^1.0.0'),
      tags: ['1.0.0', '1.10.0', '1.9.0', '2.0.0'],
      want: '1.10.0',
    },
    {
      name: 'releases only',
      rules: semver('>=1.0.0'),
      tags: ['1.0.0', '1.1.0-rc.1'],
      want: '1.0.0',
    },
    {
      name: 'pre-releases on demand',
      rules: semver('>=1.0.0-0'),
      tags: ['1.0.0', '1.1.0-rc.1'],
      want: '1.1.0-rc.1',
    },
    {
      name: 'newer pre-release than named',
      rules: semver('^2.0.0-rc.1'),
      tags: ['2.0.0', '2.1.0-beta.1'],
      want: '2.1.0-beta.1',
    },
    {
      name: 'wildcard with pre-releases',
      rules: semver('^1.x-0'),
      tags: ['1.0.0', '1.1.0-0'],
      want: '1.1.0-0',
    },
    { name: 'all but one', rules: semver('!=2.0.0'), tags: ['1.0.0', '2.0.0'], want: '1.0.0' },
    {
      name: 'comma as AND',
      rules: semver('>=1.0.0, <1.5.0'),
      tags: ['1.4.0', '1.5.0'],
      want: '1.4.0',
    },
    {
      name: 'CalVer with zeros',
      rules: semver('*'),
      tags: ['2024.09.30', '2024.11.02'],
      want: '2024.11.02',
    },
    {
      name: 'rc9 above rc10, as text',
      rules: semver('*-0'),
      tags: ['1.0.0-rc9', '1.0.0-rc10'],
      want: '1.0.0-rc9',
    },
    {
      name: 'unparsable tags passed over',
      rules: semver('*'),
      tags: ['latest', '1.25', '1.2.3', ''],
      want: '1.2.3',
    },
    {
      name: 'plain spelling on a tie',
      rules: semver('*'),
      tags: ['v1.2.3', '1.2.3'],
      want: '1.2.3',
    },
    { name: 'largest number', rules: numerical('asc'), tags: ['9', '10', '1.5'], want: '10' },
    { name: 'smallest number', rules: numerical('desc'), tags: ['9', '10', '1.5'], want: '1.5' },
    {
      name: 'beyond 2^53',
      rules: numerical('asc'),
      tags: ['9007199254740992', '9007199254740993'],
      want: '9007199254740993',
    },
    {
      name: 'last name',
      rules: alphabetical('asc'),
      tags: ['bionic', 'xenial', 'focal'],
      want: 'xenial',
    },
    {
      name: 'first name',
      rules: alphabetical('desc'),
      tags: ['bionic', 'xenial', 'focal'],
      want: 'bionic',
    },
    {
      name: 'original tag of the largest extract',
      rules: numerical('asc', buildTime),
      tags: ['main-aaa-9', 'main-bbb-10', 'dev-ccc-99'],
      want: 'main-bbb-10',
    },
    {
      name: 'name decides equal extracts',
      rules: numerical('asc', buildTime),
      tags: ['main-b-7', 'main-a-7', 'main-c-7'],
      want: 'main-a-7',
    },
    {
      name: 'version out of a longer tag',
      rules: semver('^1.0.0', { pattern: '^(.+)-alpine$', extract: '$1' }),
      tags: ['1.0.0-alpine', '1.2.0-alpine', '1.3.0'],
      want: '1.2.0-alpine',
    },
    {
      name: 'exclusions after the pattern',
      rules: semver('*', { pattern: '^[0-9.]+$', exclude: ['^1\\.3\\.', '^9'] }),
      tags: ['1.2.0', '1.3.0', '9.0.0'],
      want: '1.2.0',
    },
    {
      name: 'exclusions without a pattern',
      rules: semver('*', { exclude: ['^9'] }),
      tags: ['1.2.0', '9.0.0'],
      want: '1.2.0',
    },
    {
      name: 'the followed tag',
      rules: digest('stable'),
      tags: ['latest', 'stable'],
      want: 'stable',
    },
    { name: 'no followed tag', rules: digest('stable'), tags: ['latest'], want: undefined },
  ])('$name', ({ rules, tags, want }) => {
    expect(selected(rules, tags)).toBe(want);
  });

  it('says that there are no tags', () => {
    expect(createSelector(semver('*')).select([])).toEqual({
      kind: 'none',
      reason: 'NoTags',
      message: 'the repository has no tags',
    });
  });

  it('counts the reasons when no tag is allowed, the most frequent first', () => {
    const tags = ['latest', '1.0.0', '1.1.0'];
    expect(createSelector(semver('^2.0.0')).select(tags)).toEqual({
      kind: 'none',
      reason: 'NoMatchingTag',
      message:
        'none of the 3 tags is allowed: 2 × is outside range ^2.0.0, 1 × is not a semantic version of three parts, such as 1.25.0',
    });
    expect(createSelector(digest('stable')).select(['latest'])).toMatchObject({
      message: 'the only tag is not allowed: 1 × is not stable, the tag that policy.digest follows',
    });
  });

  it.each(['sha256', 'sha512'])('never takes a %s signature for a version', (algorithm) => {
    const hex = '9'.repeat(64);
    const tags = ['', '.sig', '.att', '.sbom'].map((end) => `${algorithm}-${hex}${end}`);
    expect(selected(alphabetical('asc'), [...tags, 'main'])).toBe('main');
  });

  it('reads an iterable that can be read only once', () => {
    const once = ['1.0.0', '1.1.0'].values();
    expect(createSelector(semver('*')).explain(once).verdicts).toHaveLength(2);
  });

  it('chooses afresh from each list, whatever it saw before', () => {
    const selector = createSelector(semver('*'));
    const many = Array.from({ length: 5000 }, (_, i) => `1.${i}.0`);
    for (const [tags, want] of [
      [many, '1.4999.0'],
      [['1.2.0'], '1.2.0'],
      [['1.1.0', 'latest'], '1.1.0'],
      [many, '1.4999.0'],
    ] as const) {
      expect(selector.select(tags)).toEqual({ kind: 'selected', tag: want });
    }
  });

  it('answers at once for a hostile pattern', () => {
    const start = performance.now();
    expect(selected(semver('*', { pattern: '(a+)+$' }), [`${'a'.repeat(127)}1`])).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('explain', () => {
  it('lists the choice, then what is allowed newest first, then the rest by name', () => {
    const tags = ['1.0.0', 'latest', '2.0.0', 'v1.1.0', '1.1.0', '1.2.0-rc.1', '1.0.0'];
    expect(createSelector(semver('^1.0.0')).explain(tags)).toEqual({
      selection: { kind: 'selected', tag: '1.1.0' },
      verdicts: [
        { tag: '1.1.0', verdict: 'selected', reason: 'is the highest version in range ^1.0.0' },
        {
          tag: 'v1.1.0',
          verdict: 'eligible',
          reason: 'is allowed, but equals 1.1.0, whose name comes first',
        },
        { tag: '1.0.0', verdict: 'eligible', reason: 'is allowed, but 1.1.0 is preferred' },
        {
          tag: '1.2.0-rc.1',
          verdict: 'rejected',
          reason: 'is a pre-release; range ^1.0.0 does not allow pre-releases',
        },
        { tag: '2.0.0', verdict: 'rejected', reason: 'is outside range ^1.0.0' },
        {
          tag: 'latest',
          verdict: 'rejected',
          reason: 'is not a semantic version of three parts, such as 1.25.0',
        },
      ],
    });
  });

  it.each([
    { rules: semver('*', buildTime), tag: 'dev-1', want: 'does not match filterTags.pattern' },
    {
      rules: semver('*', { exclude: ['x', '^dev'] }),
      tag: 'dev-1',
      want: 'is excluded by filterTags.exclude[1]',
    },
    { rules: numerical('asc'), tag: 'main', want: 'is not a plain number, such as 42 or 1.5' },
    {
      rules: numerical('asc', { pattern: '^main-(.+)$', extract: '$1' }),
      tag: 'main-12e4567',
      want: 'gives "12e4567", which is not a plain number, such as 42 or 1.5',
    },
    { rules: semver('*'), tag: 'not a tag', want: 'is not a valid tag' },
    { rules: semver('*'), tag: `1.0.0-${'a'.repeat(128)}`, want: 'is not a valid tag' },
    {
      rules: alphabetical('asc'),
      tag: `sha256-${'a'.repeat(64)}.sig`,
      want: 'is a signature or attestation and not an image',
    },
    {
      rules: alphabetical('asc', { pattern: '^x(.*)$', extract: '$1' }),
      tag: 'x',
      want: 'gives "", which is empty',
    },
    {
      rules: alphabetical('asc', { pattern: '^a+$', extract: '$0$0$0' }),
      tag: 'a'.repeat(100),
      want: 'is longer than 255 characters after filterTags.extract',
    },
    { rules: numerical('asc'), tag: '3', want: 'is the largest number' },
    { rules: numerical('desc'), tag: '0.5', want: 'is the smallest number' },
    { rules: alphabetical('desc'), tag: '0', want: 'is the first in alphabetical order' },
    { rules: alphabetical('asc'), tag: 'z', want: 'is the last in alphabetical order' },
    { rules: digest('main'), tag: 'main', want: 'is the tag that policy.digest follows' },
  ])('says of $tag that it $want', ({ rules, tag, want }) => {
    expect(reasonFor(rules, tag)).toBe(want);
  });
});

describe('compare', () => {
  it.each([
    { rules: semver('^1.0.0'), a: '1.0.0', b: '9.0.0', want: -1, why: 'ranges do not matter' },
    { rules: semver('^1.0.0'), a: '1.0.0', b: '1.0.0-rc.1', want: 1, why: 'releases are newer' },
    { rules: semver('*'), a: 'v1.0.0', b: '1.0.0', want: 0, why: 'spelling is no age' },
    { rules: semver('*'), a: 'latest', b: '1.0.0', want: undefined, why: 'latest has no age' },
    {
      rules: semver('*', { exclude: ['.'] }),
      a: '1.0.0',
      b: '2.0.0',
      want: -1,
      why: 'exclusions do not matter',
    },
    { rules: numerical('desc'), a: '1', b: '2', want: 1, why: 'smallest is newest' },
    {
      rules: numerical('asc', buildTime),
      a: 'main-b-1',
      b: 'main-a-2',
      want: -1,
      why: 'extracts are compared',
    },
    {
      rules: numerical('asc', buildTime),
      a: 'main-b-1',
      b: '2',
      want: undefined,
      why: 'another line of tags',
    },
    { rules: digest('stable'), a: 'stable', b: 'stable', want: 0, why: 'one tag' },
    {
      rules: digest('stable'),
      a: 'stable',
      b: 'other',
      want: undefined,
      why: 'only one tag counts',
    },
  ])('$a and $b give $want: $why', ({ rules, a, b, want }) => {
    const result = createSelector(rules).compare(a, b);
    expect(result === undefined ? undefined : Math.sign(result)).toBe(want);
  });
});

describe('invalid rules', () => {
  it.each([
    { rules: semver('foo'), code: 'policy/invalid-range' },
    { rules: semver('*', { pattern: '(?=x)' }), code: 'policy/invalid-pattern' },
    { rules: semver('*', { pattern: 'x', extract: '$1' }), code: 'policy/invalid-pattern' },
    { rules: semver('*', { exclude: ['ok', '['] }), code: 'policy/invalid-pattern' },
  ])('are refused with $code', ({ rules, code }) => {
    expect(() => createSelector(rules)).toThrow(expect.objectContaining({ code }));
  });

  it('names the exclusion at fault', () => {
    expect(() => createSelector(semver('*', { exclude: ['ok', '['] }))).toThrow(
      /^filterTags\.exclude\[1\] "\["/,
    );
  });
});

describe('laws of selection', () => {
  const rules = fc.constantFrom(
    semver('*'),
    semver('^1.0.0-0'),
    semver('>=1.0.0 !=1.1.1'),
    numerical('asc'),
    numerical('desc'),
    numerical('asc', { pattern: '^(?:v|main-)?([0-9]+)', extract: '$1' }),
    alphabetical('asc'),
    alphabetical('desc', { exclude: ['^v'] }),
    digest('main-1'),
  );
  const tag = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('', 'v', '0'),
        fc.nat(2),
        fc.nat(2),
        fc.nat(1),
        fc.constantFrom('', '-rc.1', '-rc.2', '-0'),
      )
      .map(([v, major, minor, patch, end]) => `${v}${major}.${minor}.${patch}${end}`),
    fc.nat(30).map((n) => `main-${n}`),
    fc.nat(12).map(String),
    fc.constantFrom('latest', '01', '1.50', '1.5', 'a/b', ''),
  );
  const tags = fc.array(tag, { maxLength: 12 });

  it('the order of the list never matters', () => {
    fc.assert(
      fc.property(
        rules,
        tags.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        (rule, [list, shuffled]) => {
          const explained = createSelector(rule).explain(list);
          expect(createSelector(rule).explain(shuffled)).toEqual(explained);
        },
      ),
    );
  });

  it('select and explain choose the same, and each distinct tag has one verdict', () => {
    fc.assert(
      fc.property(rules, tags, (rule, list) => {
        const selector = createSelector(rule);
        const { selection, verdicts } = selector.explain(list);
        expect(selector.select(list)).toEqual(selection);
        const chosen = verdicts.filter(({ verdict }) => verdict === 'selected');
        expect(chosen.map((verdict) => verdict.tag)).toEqual(
          selection.kind === 'selected' ? [selection.tag] : [],
        );
        expect(verdicts.map((verdict) => verdict.tag).toSorted()).toEqual(
          [...new Set(list)].toSorted(),
        );
      }),
    );
  });

  it('ranking gives the choice first, and then all that is eligible in the order of the verdicts', () => {
    fc.assert(
      fc.property(rules, tags, (rule, list) => {
        const selector = createSelector(rule);
        const ranking = selector.rank(new Set(list));
        const { selection, verdicts } = selector.explain(list);
        const want = verdicts.filter(({ verdict }) => verdict !== 'rejected');
        if (ranking.kind === 'none') expect(selection.kind).toBe('none');
        else {
          const ranked = [...want, undefined].map((_, index) => ranking.tagAt(index));
          expect(ranked).toEqual([...want.map((verdict) => verdict.tag), undefined]);
        }
      }),
    );
  });

  it('nothing that is allowed is newer than the choice', () => {
    fc.assert(
      fc.property(rules, tags, (rule, list) => {
        const selector = createSelector(rule);
        const { selection, verdicts } = selector.explain(list);
        if (selection.kind === 'none') return;
        for (const { tag: other, verdict } of verdicts) {
          if (verdict === 'eligible') {
            expect(selector.compare(selection.tag, other)).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
  });

  it('a rejected tag changes nothing', () => {
    fc.assert(
      fc.property(rules, tags, tag, (rule, list, extra) => {
        const selector = createSelector(rule);
        const isRejected = selector.select([extra]).kind === 'none';
        const before = selector.select(list);
        if (!isRejected || before.kind === 'none') return;
        expect(selector.select([extra, ...list])).toEqual(before);
      }),
    );
  });

  it('a second scan by the same selector gives the same as a new selector', () => {
    fc.assert(
      fc.property(rules, tags, tags, (rule, first, second) => {
        const selector = createSelector(rule);
        selector.select(first);
        expect(selector.explain(second)).toEqual(createSelector(rule).explain(second));
      }),
    );
  });

  it('compare is antisymmetric and transitive', () => {
    fc.assert(
      fc.property(rules, tag, tag, tag, (rule, a, b, c) => {
        const selector = createSelector(rule);
        const compare = (x: string, y: string) => selector.compare(x, y);
        const [ab, ba, bc, ac] = [compare(a, b), compare(b, a), compare(b, c), compare(a, c)];
        expect(ab === undefined).toBe(ba === undefined);
        if (ab === undefined || ba === undefined) return;
        expect(Math.sign(ab) + Math.sign(ba)).toBe(0);
        if (bc === undefined || ac === undefined) return;
        if (ab <= 0 && bc <= 0) expect(ac).toBeLessThanOrEqual(0);
        if (ab < 0 && bc <= 0) expect(ac).toBeLessThan(0);
      }),
      { numRuns: 500 },
    );
  });
});
