import { describe, expect, it } from 'vitest';
import type { ImageField } from '../../../src/domain/manifest/image-field.ts';
import { policyKey, type PolicyView } from '../../../src/domain/plan/policy-view.ts';
import {
  changesOf,
  editsByPath,
  formatResource,
  planUpdate,
} from '../../../src/domain/plan/update-plan.ts';
import { field, lock, policy, view } from '../../support/builders.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const IMAGE = 'ghcr.io/stefanprodan/podinfo';
const RESOURCE = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const KUSTOMIZATION = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };

function planned(fields: readonly ImageField[], views: readonly PolicyView[]) {
  const byKey = new Map(views.map((of) => [policyKey(of.policy), of]));
  const plan = planUpdate({ fields, views: byKey, known: new Set(byKey.keys()), now: NOW });
  return { plan, byKey };
}

const at = (path: string, line = 1) => ({ path, line, column: 1 });
const both = view(policy(), { tags: ['6.1.0', '6.2.0'] });

describe('a plan', () => {
  it('holds a decision for each slot and every finding', () => {
    const missing = field('a:1', { locks: [lock({ tag: 'nope' })] });
    const unknown = field('a:1', { marker: 'apps/unknown', at: at('b.yaml') });
    const { plan } = planned([missing, unknown], [both]);
    expect(plan.decisions.map(({ reason }) => reason)).toEqual(['LockedTagMissing']);
    expect(plan.findings.map(({ code }) => code)).toEqual([
      'marker/unknown-policy',
      'lock/tag-missing',
    ]);
  });

  it('gives edits by file', () => {
    const { plan } = planned(
      [
        field(`${IMAGE}:6.1.0`, { at: at('a.yaml', 1), keyPath: ['a'] }),
        field(`${IMAGE}:6.1.0`, { at: at('a.yaml', 2), keyPath: ['b'] }),
        field(`${IMAGE}:6.2.0`, { at: at('b.yaml'), keyPath: ['a'] }),
        field('6.0.0', { at: at('c.yaml'), part: 'tag' }),
      ],
      [both],
    );
    const edits = [...editsByPath(plan.decisions)].map(([path, list]) => [
      path,
      list.map(({ value }) => value),
    ]);
    expect(edits).toEqual([
      ['a.yaml', [`${IMAGE}:6.2.0`, `${IMAGE}:6.2.0`]],
      ['c.yaml', ['6.2.0']],
    ]);
  });
});

describe('changes', () => {
  const fields = [
    field(`${IMAGE}:6.1.0`, { at: at('a.yaml', 7), resource: { ...RESOURCE, namespace: 'apps' } }),
    field('', { at: at('b.yaml', 2), part: 'tag', unnamed: KUSTOMIZATION }),
    field(`${IMAGE}:6.2.0`, {
      at: at('c.yaml', 3),
      resource: RESOURCE,
      locks: [lock({ tag: '6.1.0' })],
    }),
    field(`${IMAGE}:6.2.0`, { at: at('d.yaml') }),
  ];

  it('tell each image that moves, from what, to what, where and why', () => {
    const { plan, byKey } = planned(fields, [both]);
    const common = { policy: 'apps/podinfo', image: IMAGE };
    const fieldAt = (line: number, part: string, from: string, to: string) => [
      { part, line, from, to },
    ];
    expect(changesOf(plan.decisions, byKey)).toEqual([
      {
        ...common,
        from: '6.1.0',
        to: '6.2.0',
        path: 'a.yaml',
        line: 7,
        resource: 'Deployment apps/web',
        object: { ...RESOURCE, namespace: 'apps' },
        locked: false,
        fields: fieldAt(7, 'reference', `${IMAGE}:6.1.0`, `${IMAGE}:6.2.0`),
      },
      {
        ...common,
        to: '6.2.0',
        path: 'b.yaml',
        line: 2,
        object: KUSTOMIZATION,
        locked: false,
        fields: fieldAt(2, 'tag', '', '6.2.0'),
      },
      {
        ...common,
        from: '6.2.0',
        to: '6.1.0',
        path: 'c.yaml',
        line: 3,
        resource: 'Deployment web',
        object: RESOURCE,
        locked: true,
        fields: fieldAt(3, 'reference', `${IMAGE}:6.2.0`, `${IMAGE}:6.1.0`),
      },
    ]);
  });

  it('name the image that is written, not the one that is scanned', () => {
    const mirrored = view(policy({ writtenName: 'mirror.local/podinfo' }), { tags: ['6.2.0'] });
    const { plan, byKey } = planned([field('mirror.local/podinfo:6.1.0')], [mirrored]);
    expect(changesOf(plan.decisions, byKey)).toMatchObject([{ image: 'mirror.local/podinfo' }]);
  });
});

it('formats a resource with its namespace where it states one', () => {
  expect(formatResource(RESOURCE)).toBe('Deployment web');
  expect(formatResource({ ...RESOURCE, namespace: 'apps' })).toBe('Deployment apps/web');
});
