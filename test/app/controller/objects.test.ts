import { describe, expect, it } from 'vitest';
import { ClusterObjects } from '../../../src/app/controller/objects.ts';
import { REQUEST_ANNOTATION } from '../../../src/domain/status/request-of.ts';
import type { ClusterObject } from '../../../src/ports/cluster.ts';
import { automation } from '../../support/builders.ts';
import { POLICY_SPEC } from './stage.ts';

function object(over: Partial<ClusterObject> = {}): ClusterObject {
  return {
    ref: { kind: 'ImagePolicy', namespace: 'apps', name: 'podinfo' },
    uid: 'u1',
    resourceVersion: '1',
    generation: 1,
    labels: {},
    annotations: {},
    spec: POLICY_SPEC,
    status: undefined,
    ...over,
  };
}

const invalid = { ...POLICY_SPEC, image: 'https://ghcr.io/x' };
const one = { latest: { tag: '1' } };
const two = { latest: { tag: '2' } };

describe('what is heard of an object', () => {
  it.each([
    { name: 'that it is new', before: undefined, after: object(), isDue: true },
    { name: 'another spec', before: object(), after: object({ generation: 2 }), isDue: true },
    { name: 'other labels', before: object(), after: object({ labels: { a: 'b' } }), isDue: true },
    {
      name: 'another object of its name',
      before: object(),
      after: object({ uid: 'u2' }),
      isDue: true,
    },
    {
      name: 'a request',
      before: object(),
      after: object({ annotations: { [REQUEST_ANNOTATION]: 'now' } }),
      isDue: true,
    },
    {
      name: 'another annotation',
      before: object(),
      after: object({ annotations: { note: 'x' } }),
      isDue: false,
    },
    { name: 'another status', before: object(), after: object({ status: one }), isDue: false },
    {
      name: 'nothing new',
      before: object(),
      after: object({ resourceVersion: '2' }),
      isDue: false,
    },
  ])('is to be acted on where it is $name: $isDue', ({ before, after, isDue }) => {
    const objects = new ClusterObjects();
    if (before !== undefined) objects.set(before);
    const change = objects.set(after);
    expect(change.isDue).toBe(isDue);
    expect(change.before?.object).toBe(before);
  });
});

describe('the status of an object', () => {
  /** After each word in turn: what we wrote, and what the cluster told. */
  function statusAfter(...words: readonly { readonly wrote?: unknown; readonly told?: unknown }[]) {
    const objects = new ClusterObjects();
    objects.set(object());
    for (const { wrote, told } of words) {
      if (wrote !== undefined) objects.writes(object(), wrote);
      if (told !== undefined) objects.set(object({ status: told }));
    }
    return objects.statusOf(objects.get('ImagePolicy', 'apps/podinfo')!);
  }

  it.each([
    { name: 'what the cluster told', words: [{ told: one }], want: one },
    {
      name: 'our own word, until it comes back',
      words: [{ told: one }, { wrote: two }],
      want: two,
    },
    {
      name: 'our own last word, when an older one comes back',
      words: [{ wrote: one }, { wrote: two }, { told: one }],
      want: two,
    },
    {
      name: 'the word of another, once ours has come back',
      words: [{ wrote: one }, { told: one }, { told: two }],
      want: two,
    },
  ])('is $name', ({ words, want }) => {
    expect(statusAfter(...words)).toEqual(want);
  });

  it('is what the cluster told, where our own word did not arrive', () => {
    const objects = new ClusterObjects();
    const { after } = objects.set(object({ status: one }));
    objects.writes(object(), two);
    objects.didNotWrite(object());
    expect(objects.statusOf(after)).toEqual(one);
  });

  it('is not that of a former object of the name', () => {
    const objects = new ClusterObjects();
    objects.set(object());
    objects.writes(object(), one);
    const { after } = objects.set(object({ uid: 'u2' }));
    expect(objects.statusOf(after)).toBeUndefined();
    objects.writes(object(), two);
    expect(objects.statusOf(after)).toBeUndefined();
  });
});

describe('the objects that are known', () => {
  it('count as resources where they can be used, as they were at that moment', () => {
    const objects = new ClusterObjects();
    objects.set(object());
    objects.set(object({ ref: { ...object().ref, name: 'bad' }, uid: 'u2', spec: invalid }));
    const resources = objects.resources();
    objects.delete(object().ref);
    expect([...resources.policies.keys()]).toEqual(['apps/podinfo']);
    expect([...objects.resources().policies.keys()]).toEqual([]);
    expect([...objects.policyKeys()]).toEqual(['apps/bad']);
  });

  it('name the policies that an automation would apply and cannot', () => {
    const objects = new ClusterObjects();
    const bad = (namespace: string, name: string, labels: Record<string, string> = {}) =>
      objects.set(
        object({ ref: { kind: 'ImagePolicy', namespace, name }, uid: name, labels, spec: invalid }),
      );
    bad('apps', 'a', { team: 'web' });
    bad('apps', 'b');
    bad('other', 'c', { team: 'web' });
    expect(objects.unusablePolicies(automation())).toEqual(['apps/a', 'apps/b']);
    const policySelector = { matchLabels: { team: 'web' } };
    expect(objects.unusablePolicies(automation({ policySelector }))).toEqual(['apps/a']);
  });

  it('are there by identity, not by name', () => {
    const objects = new ClusterObjects();
    objects.set(object());
    expect(objects.has(object())).toBe(true);
    expect(objects.has(object({ uid: 'u2' }))).toBe(false);
    expect(objects.delete(object().ref)?.object).toEqual(object());
    expect(objects.has(object())).toBe(false);
    expect(objects.delete(object().ref)).toBeUndefined();
  });
});
