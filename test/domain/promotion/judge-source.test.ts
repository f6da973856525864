import { describe, expect, it } from 'vitest';
import type { ImagePolicy } from '../../../src/api/image-policy.ts';
import {
  judgeSource,
  type SeenSite,
  type Sight,
} from '../../../src/domain/promotion/judge-source.ts';
import { automation, policy } from '../../support/builders.ts';

const T0 = new Date('2026-06-01T12:00:00Z');
const T1 = new Date('2026-06-01T13:00:00Z');

const GRANTING = { accessFrom: { namespaceSelectors: [{}] } };
const PROD = policy({ promoteFrom: { policy: 'staging' } }, 'apps/prod');
const STAGING = policy({}, 'apps/staging');

/** What was seen of locations of a policy: what they hold, or that there are none. */
const holding = (images: readonly string[], lastLook = T1, of = 'apps/staging'): SeenSite => ({
  memory: { lastLook, timelines: new Map([[of, [{ since: T0, images }]]]) },
});

interface Situation {
  readonly policies?: readonly ImagePolicy[];
  /** Automations; those with an exclamation mark are suspended. */
  readonly automations?: readonly string[];
  readonly sites?: Readonly<Record<string, SeenSite>>;
  readonly scope?: Sight['scope'];
  /** Policies that exist, and cannot be used. */
  readonly unusable?: readonly string[];
  readonly unseen?: string;
}

function judged({
  policies = [PROD, STAGING],
  automations = ['apps/update'],
  sites = {},
  scope = 'all',
  unusable = [],
  unseen,
}: Situation) {
  const [first = PROD] = policies;
  const byKey = new Map(
    policies.map((one) => [`${one.metadata.namespace}/${one.metadata.name}`, one] as const),
  );
  const world = {
    policies: byKey,
    known: new Set([...byKey.keys(), ...unusable]),
    automations: new Map(
      automations.map((text) => {
        const key = text.replace('!', '');
        return [key, automation({ suspend: text.includes('!') }, key)] as const;
      }),
    ),
    ...(unseen === undefined ? {} : { unseen: () => unseen }),
  };
  const compareFor = () => () => 0;
  return judgeSource(first, world, { scope, sites: new Map(Object.entries(sites)), compareFor });
}

describe('what a policy is promoted from', () => {
  it.each<{ name: string; given: Situation; until?: Date; images?: readonly string[] }>([
    { name: 'one automation sees', given: { sites: { 'apps/update': holding(['6.1.0']) } } },
    {
      name: 'all automations see that apply it, as far as the one that looked first',
      given: {
        automations: ['apps/update', 'apps/other'],
        sites: { 'apps/update': holding(['6.1.0']), 'apps/other': holding(['6.2.0'], T0) },
      },
      until: T0,
      images: ['6.1.0', '6.2.0'],
    },
    {
      name: 'nobody in a repo that has no location of it changes',
      given: {
        automations: ['apps/update', 'apps/other'],
        sites: { 'apps/update': holding(['6.1.0']), 'apps/other': holding([]) },
      },
    },
    {
      name: 'an automation of another namespace was seen to write',
      given: {
        automations: ['apps/update', 'other/update'],
        sites: { 'apps/update': holding([]), 'other/update': holding(['6.1.0']) },
      },
    },
    {
      name: 'automations do not have to see that never wrote it',
      given: {
        automations: ['apps/update', 'other/update'],
        sites: { 'apps/update': holding(['6.1.0']), 'other/update': { trouble: 'no route' } },
      },
    },
    {
      name: 'this run has looked at, where that is all there is',
      given: { scope: 'looked-at', automations: [], sites: { '': holding(['6.1.0']) } },
    },
  ])('is what $name', ({ given, until = T1, images = ['6.1.0'] }) => {
    expect(judged(given)).toMatchObject({
      kind: 'seen',
      followed: 'apps/staging',
      soaking: { seenUntil: until, timeline: [{ images }] },
    });
  });

  it.each<{ name: string; given: Situation; why: string }>([
    {
      name: 'cannot be used',
      given: { policies: [PROD], unusable: ['apps/staging'] },
      why: 'it cannot be used; see its status',
    },
    {
      name: 'may exist where nobody looks',
      given: { policies: [PROD], unseen: 'this controller does not look there' },
      why: 'this controller does not look there',
    },
    {
      name: 'is read by an automation that is suspended',
      given: { automations: ['apps/update!'], sites: { 'apps/update': holding(['6.1.0']) } },
      why: 'ImageUpdateAutomation apps/update is suspended',
    },
    {
      name: 'has not been looked at yet',
      given: {},
      why: 'ImageUpdateAutomation apps/update has not looked at its repo yet',
    },
    {
      name: 'cannot be looked at any more',
      given: { sites: { 'apps/update': { ...holding(['6.1.0']), trouble: 'no route' } } },
      why: 'ImageUpdateAutomation apps/update: no route',
    },
    {
      name: 'cannot be looked at by this run',
      given: { scope: 'looked-at', automations: [], sites: { '': { trouble: 'a.yaml: broken' } } },
      why: 'this run: a.yaml: broken',
    },
    {
      name: 'has no location',
      given: { sites: { 'apps/update': holding([]) } },
      why: 'no location of it was found',
    },
    {
      name: 'has no location where this run looks',
      given: { scope: 'looked-at', automations: [], sites: { '': holding([]) } },
      why: 'no location of it was found, and `update` sees one repo and branch alone',
    },
    {
      name: 'has no automation',
      given: { automations: [] },
      why: 'no location of it was found',
    },
  ])('is not known where the policy $name', ({ given, why }) => {
    expect(judged(given)).toEqual({
      kind: 'unknown',
      message: `nobody knows what apps/staging runs: ${why}`,
    });
  });

  it.each([
    {
      soak: '1h',
      want: {
        kind: 'unknown',
        message: 'nobody knows since when apps/staging runs what it does: there is no history',
      },
    },
    { soak: '0s', want: { kind: 'seen' } },
    { soak: undefined, want: { kind: 'seen' } },
  ])('is not known without a history where it has to soak for $soak', ({ soak, want }) => {
    const promoteFrom = { policy: 'staging', ...(soak === undefined ? {} : { soak }) };
    const site = { ...holding(['6.1.0']), untold: 'there is no history' };
    const policies = [policy({ promoteFrom }, 'apps/prod'), STAGING];
    expect(judged({ policies, sites: { 'apps/update': site } })).toMatchObject(want);
  });

  it('is not told of repos of another namespace, whose policy it is', () => {
    const given = {
      policies: [
        policy({ promoteFrom: { policy: 'web', namespace: 'staging' } }, 'prod/web'),
        policy(GRANTING, 'staging/web'),
      ],
      automations: ['staging/update'],
      sites: { 'staging/update': { trouble: 'a secret of others' } },
    };
    expect(judged(given)).toEqual({
      kind: 'unknown',
      message:
        'nobody knows what staging/web runs: ImageUpdateAutomation staging/update cannot look at its repo; see its status',
    });
  });

  it('is wrong where the policy is not there', () => {
    expect(judged({ policies: [PROD] })).toMatchObject({ kind: 'invalid' });
  });
});
