import { describe, expect, it } from 'vitest';
import {
  groupDecisions,
  groupingOf,
  withoutDecisions,
  type Grouping,
} from '../../../src/domain/plan/change-groups.ts';
import { policyKey } from '../../../src/domain/plan/policy-view.ts';
import { planUpdate } from '../../../src/domain/plan/update-plan.ts';
import { automation, field, policy, view } from '../../support/builders.ts';

const [A, B] = ['registry.local/a', 'registry.local/b'];
const views = new Map(
  [
    view(policy({ image: A }, 'apps/a'), { tags: ['2.0.0'] }),
    view(policy({ image: B }, 'apps/b'), { tags: ['2.0.0'] }),
  ].map((one) => [policyKey(one.policy), one]),
);

/** Fields of two policies, by file; the last holds what is newest already. */
const fields = [
  marked('a', 'apps/one/web.yaml', 3),
  marked('b', 'apps/one/web.yaml', 9),
  marked('a', 'apps/one/deep/job.yaml', 1),
  marked('b', 'infra/b.yaml', 2),
  marked('b', 'root.yaml', 1),
  marked('b', 'infra/new.yaml', 1, '2.0.0'),
];

function marked(name: 'a' | 'b', path: string, line: number, tag = '1.0.0') {
  return field(`${{ a: A, b: B }[name]}:${tag}`, {
    at: { path, line, column: 1 },
    marker: `apps/${name}`,
    keyPath: [path, String(line)],
  });
}

function grouped(grouping: Grouping) {
  const known = new Set(views.keys());
  const { decisions } = planUpdate({ fields, views, known, now: new Date(0) });
  return groupDecisions(decisions, views, grouping).map(({ name, changes }) => [
    name,
    changes.map(({ path, line }) => `${path}:${line}`),
  ]);
}

describe('groups without some decisions', () => {
  const known = new Set(views.keys());
  const { decisions } = planUpdate({ fields, views, known, now: new Date(0) });
  const groups = groupDecisions(decisions, views, { by: 'policy', paths: [] });

  const namesOf = (some: typeof groups) => some.map(({ name, changes }) => [name, changes.length]);

  it('keep their others, and are gone where none is left', () => {
    const ofA = decisions.filter(({ policy }) => policy === 'apps/a');
    expect(namesOf(groups)).toEqual([
      ['policy apps/a', 2],
      ['policy apps/b', 3],
    ]);
    expect(namesOf(withoutDecisions(groups, views, new Set(ofA.slice(1))))).toEqual([
      ['policy apps/a', 1],
      ['policy apps/b', 3],
    ]);
    expect(namesOf(withoutDecisions(groups, views, new Set(ofA)))).toEqual([['policy apps/b', 3]]);
  });
});

describe('groupDecisions', () => {
  it('makes one group of everything that moves', () => {
    expect(grouped({ by: 'all', paths: [] })).toEqual([
      [
        'all',
        [
          'apps/one/web.yaml:3',
          'apps/one/web.yaml:9',
          'apps/one/deep/job.yaml:1',
          'infra/b.yaml:2',
          'root.yaml:1',
        ],
      ],
    ]);
  });

  it('makes one of each policy, wherever it is written', () => {
    expect(grouped({ by: 'policy', paths: [] })).toEqual([
      ['policy apps/a', ['apps/one/web.yaml:3', 'apps/one/deep/job.yaml:1']],
      ['policy apps/b', ['apps/one/web.yaml:9', 'infra/b.yaml:2', 'root.yaml:1']],
    ]);
  });

  it('makes one of each folder where no paths are given', () => {
    expect(grouped({ by: 'path', paths: [] })).toEqual([
      ['path apps/one', ['apps/one/web.yaml:3', 'apps/one/web.yaml:9']],
      ['path apps/one/deep', ['apps/one/deep/job.yaml:1']],
      ['path infra', ['infra/b.yaml:2']],
      ['path .', ['root.yaml:1']],
    ]);
  });

  it('goes by the paths that are given, the longest that fits', () => {
    expect(grouped({ by: 'path', paths: ['./apps/', 'apps/one/deep', 'infra', '.'] })).toEqual([
      ['path apps', ['apps/one/web.yaml:3', 'apps/one/web.yaml:9']],
      ['path apps/one/deep', ['apps/one/deep/job.yaml:1']],
      ['path infra', ['infra/b.yaml:2']],
      ['path .', ['root.yaml:1']],
    ]);
  });

  it('puts what no other path holds into the root, where that is given', () => {
    expect(grouped({ by: 'path', paths: ['apps', './'] })).toMatchObject([
      ['path apps', { length: 3 }],
      ['path .', ['infra/b.yaml:2', 'root.yaml:1']],
    ]);
  });

  it.each([
    { name: 'without an automation', of: undefined, want: { by: 'all', paths: [] } },
    { name: 'where it says nothing', of: automation(), want: { by: 'all', paths: [] } },
    {
      name: 'as it says',
      of: automation({ groupBy: 'path', update: { paths: ['apps'] } }),
      want: { by: 'path', paths: ['apps'] },
    },
  ])('goes by what the automation says: $name', ({ of, want }) => {
    expect(groupingOf(of)).toEqual(want);
  });

  it('makes none where nothing moves', () => {
    expect(groupDecisions([], views, { by: 'all', paths: [] })).toEqual([]);
  });
});
