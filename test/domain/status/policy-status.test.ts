import { describe, expect, it } from 'vitest';
import {
  imagePolicyStatusSchema,
  type ImagePolicyStatus,
} from '../../../src/api/image-policy-status.ts';
import type { ErrorCode } from '../../../src/domain/errors.ts';
import type { PassedOver } from '../../../src/domain/gates/gate-verdict.ts';
import { newestVerdicts } from '../../../src/domain/status/newest-verdicts.ts';
import {
  isOtherEffect,
  policyStatus,
  readPolicyStatus,
  type PolicyOutcome,
} from '../../../src/domain/status/policy-status.ts';
import { tagsRevision } from '../../../src/domain/tags-revision.ts';
import { digest, policy, view, type ViewOptions } from '../../support/builders.ts';

const now = new Date('2026-06-01T12:00:00Z');
const later = new Date('2026-06-01T12:05:00Z');
const IMAGE = 'ghcr.io/stefanprodan/podinfo';

type Spec = Parameters<typeof policy>[0];

/** What a scan with these tags gives. */
function seen(
  tags: readonly string[],
  { spec = {}, at = now, options = {} }: { spec?: Spec; at?: Date; options?: ViewOptions } = {},
): PolicyOutcome {
  const of = view(policy(spec), { tags, ...options });
  return {
    kind: 'seen',
    view: of,
    list: { at, tagCount: tags.length, revision: tagsRevision(tags) },
    verdicts: () => newestVerdicts(of, tags),
  };
}

function failed(code: ErrorCode, message = 'no answer'): PolicyOutcome {
  return { kind: 'failed', policy: policy(), error: { code, message } };
}

/** What comes of following one tag. */
const unlisted: PolicyOutcome = {
  kind: 'seen',
  view: view(policy(), { choice: { kind: 'selected', tag: '6.1.0' } }),
  verdicts: () => [],
};

function waiting(tag: string): PassedOver {
  const verdict = {
    kind: 'waiting',
    reason: 'MinimumAge',
    message: 'waits for minimumAge',
  } as const;
  return { tag, verdict: { ...verdict, firstSeen: now, eligibleAt: later } };
}

const invalid: PolicyOutcome = {
  kind: 'invalid',
  findings: [
    { severity: 'error', code: 'resource/invalid', message: 'spec.image: no' },
    { severity: 'error', code: 'policy/invalid-range', message: 'spec.policy.semver.range: no' },
  ],
};

/** Statuses after each outcome in turn, as the API server would keep them. */
function after(
  outcomes: readonly PolicyOutcome[],
  { generation = 1, requestedAt }: { generation?: number; requestedAt?: string } = {},
): ImagePolicyStatus {
  let status: ImagePolicyStatus = {};
  for (const [index, outcome] of outcomes.entries()) {
    const time = new Date(now.getTime() + index * 60_000);
    const context = { previous: status, generation, requestedAt, now: time };
    status = readPolicyStatus(JSON.parse(JSON.stringify(policyStatus(outcome, context))));
  }
  return status;
}

function conditions({ conditions: all = [] }: ImagePolicyStatus): readonly string[] {
  return all.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
}

describe('the status of a policy', () => {
  it('tells the choice, the tags, and why the others were passed over', () => {
    const status = after([seen(['6.1.0', '6.2.0', 'latest'])], { generation: 3 });
    expect(status).toEqual({
      latest: { image: IMAGE, tag: '6.2.0', time: '2026-06-01T12:00:00Z' },
      verdicts: [
        { tag: '6.2.0', verdict: 'selected', reason: expect.any(String) as string },
        { tag: '6.1.0', verdict: 'eligible', reason: expect.any(String) as string },
        { tag: 'latest', verdict: 'rejected', reason: expect.any(String) as string },
      ],
      lastScan: {
        time: '2026-06-01T12:00:00Z',
        tagCount: 3,
        revision: tagsRevision(['latest', '6.1.0', '6.2.0']),
      },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Succeeded',
          message: '6.2.0 is chosen of 3 tags',
          observedGeneration: 3,
          lastTransitionTime: '2026-06-01T12:00:00Z',
        },
      ],
      observedGeneration: 3,
    });
    expect(imagePolicyStatusSchema.parse(status)).toEqual(status);
  });

  it.each([
    { name: 'a scan', outcome: seen(['6.1.0']), again: seen(['6.1.0'], { at: later }) },
    {
      name: 'a failure',
      outcome: failed('registry/unreachable'),
      again: failed('registry/unreachable'),
    },
    { name: 'an invalid spec', outcome: invalid, again: invalid },
    { name: 'no match', outcome: seen(['latest']), again: seen(['latest'], { at: later }) },
  ])('stays the same, to the byte, after $name with the same outcome', ({ outcome, again }) => {
    expect(after([outcome, again])).toEqual(after([outcome]));
  });

  it.each([
    {
      name: 'a newer tag',
      scans: [['6.1.0'], ['6.1.0', '6.2.0']],
      latest: '6.2.0',
      previous: '6.1.0',
    },
    {
      name: 'two newer tags',
      scans: [['6.1.0'], ['6.2.0'], ['6.3.0']],
      latest: '6.3.0',
      previous: '6.2.0',
    },
    {
      name: 'the same choice again',
      scans: [['6.1.0'], ['6.2.0'], ['6.2.0', '1.0.0']],
      latest: '6.2.0',
      previous: '6.1.0',
    },
    { name: 'no choice any more', scans: [['6.1.0'], []], latest: undefined, previous: '6.1.0' },
    {
      name: 'another choice after none',
      scans: [['6.1.0'], [], ['6.2.0']],
      latest: '6.2.0',
      previous: '6.1.0',
    },
    {
      name: 'the same choice after none',
      scans: [['6.1.0'], [], ['6.1.0']],
      latest: '6.1.0',
      previous: undefined,
    },
  ])('moves latest and previous with $name', ({ scans, latest, previous }) => {
    const status = after(scans.map((tags) => seen(tags)));
    expect({ latest: status.latest?.tag, previous: status.previous?.tag }).toEqual({
      latest,
      previous,
    });
  });

  it('takes another digest of the same tag for another choice', () => {
    const spec: Spec = { policy: { digest: { tag: 'main' } } };
    const choice = (hex: string) =>
      seen([], {
        spec,
        options: { choice: { kind: 'selected', tag: 'main', digest: digest(hex) } },
      });
    const status = after([choice('a'), choice('b')]);
    expect([status.previous?.digest, status.latest?.digest]).toEqual([digest('a'), digest('b')]);
  });

  it('knows when its tags were first seen, and keeps what it knew while the registry fails', () => {
    const status = after([
      seen(['6.1.0']),
      seen(['6.1.0', '6.2.0'], { at: later }),
      seen(['6.2.0', '6.1.0'], { at: new Date('2026-06-01T13:00:00Z') }),
      failed('registry/unreachable'),
    ]);
    expect(status).toMatchObject({
      lastScan: { time: '2026-06-01T12:05:00Z', tagCount: 2 },
      latest: { tag: '6.2.0' },
    });
  });

  it('explains again only what changed', () => {
    let explained = 0;
    const counting = (tags: readonly string[]) => ({
      ...(seen(tags) as Extract<PolicyOutcome, { kind: 'seen' }>),
      verdicts: () => {
        explained += 1;
        return [];
      },
    });
    after([counting(['1.0.0']), counting(['1.0.0']), counting(['1.1.0']), counting(['1.1.0'])]);
    expect(explained).toBe(2);
  });

  it('explains anew by changed rules, even where the registry failed in between', () => {
    const old = after([seen(['6.1.0', '7.0.0'])]);
    const spec: Spec = { policy: { semver: { range: '6.x' } } };
    const context = { generation: 2, requestedAt: undefined, now: later };
    const down = policyStatus(failed('registry/unreachable'), { ...context, previous: old });
    const up = policyStatus(seen(['6.1.0', '7.0.0'], { spec }), { ...context, previous: down });
    expect(up.verdicts?.map(({ tag, verdict }) => `${tag} ${verdict}`)).toEqual([
      '7.0.0 rejected',
      '6.1.0 selected',
    ]);
  });

  it.each([
    {
      name: 'a choice',
      outcome: seen(['6.1.0']),
      want: ['Ready=True Succeeded: 6.1.0 is chosen of 1 tag'],
    },
    {
      name: 'no match',
      outcome: seen(['latest']),
      want: [expect.stringMatching(/^Ready=False NoMatchingTag: the only tag is not allowed/)],
    },
    {
      name: 'a spec that is wrong in two places',
      outcome: invalid,
      want: [
        'Ready=False InvalidSpec: spec.image: no (and 1 more)',
        'Stalled=True InvalidSpec: spec.image: no (and 1 more)',
      ],
    },
    {
      name: 'a choice that had to be signed',
      outcome: seen(['6.1.0'], { options: { signedBy: 'signed with cosign.pub of Secret a/k' } }),
      want: [
        'Ready=True Succeeded: 6.1.0 is chosen of 1 tag, signed with cosign.pub of Secret a/k',
      ],
    },
    {
      name: 'a choice that is not signed',
      outcome: seen(['6.1.0'], {
        options: {
          choice: {
            kind: 'blocked',
            reason: 'VerificationFailed',
            message: '6.1.0@sha256:1 has no signature',
          },
        },
      }),
      want: ['Ready=False VerificationFailed: 6.1.0@sha256:1 has no signature'],
    },
    {
      name: 'a lock whose tag is not signed',
      outcome: seen(['6.0.0', '6.1.0'], {
        spec: { lock: { tag: '6.0.0' } },
        options: { refusals: { '6.0.0': 'it has no signature' } },
      }),
      want: [
        'Ready=False VerificationFailed: locked at 6.0.0, but it has no signature; locations that hold something else stay as they are',
      ],
    },
    {
      name: 'a lock with a digest, which needs no signature',
      outcome: seen(['6.0.0', '6.1.0'], {
        spec: { lock: { tag: '6.0.0', digest: digest('0') } },
        options: { refusals: { '6.0.0': 'it has no signature' } },
      }),
      want: [expect.stringMatching(/^Ready=True Locked: locked at 6\.0\.0@sha256:0+; /)],
    },
    {
      name: 'a Secret that is not there',
      outcome: failed('secret/not-found', 'there is no Secret apps/login'),
      want: [
        'Ready=False SecretNotFound: there is no Secret apps/login',
        'Reconciling=True Progressing: there is no Secret apps/login',
      ],
    },
    {
      name: 'a login that is refused',
      outcome: failed('registry/unauthorized'),
      want: ['Ready=False AccessDenied: no answer', 'Reconciling=True Progressing: no answer'],
    },
    {
      name: 'a registry that fails',
      outcome: failed('registry/server-error'),
      want: ['Ready=False ScanFailed: no answer', 'Reconciling=True Progressing: no answer'],
    },
    {
      name: 'suspension',
      outcome: seen([], { spec: { suspend: true }, options: { choice: { kind: 'suspended' } } }),
      want: [expect.stringMatching(/^Ready=True Suspended: /)],
    },
    {
      name: 'a lock',
      outcome: seen(['6.1.0', '6.2.0'], {
        spec: { lock: { tag: '6.1.0', by: 'ana', reason: 'bug' } },
      }),
      want: ['Ready=True Locked: locked at 6.1.0 by ana (bug); 6.2.0 would be chosen'],
    },
    {
      name: 'a lock where nothing would be chosen',
      outcome: seen(['latest', '6.1.0'], {
        spec: { lock: { tag: '6.1.0' }, policy: { semver: { range: '7.x' } } },
      }),
      want: ['Ready=True Locked: locked at 6.1.0'],
    },
    {
      name: 'a list that could not be had',
      outcome: seen([], { options: { choice: { kind: 'failed', message: 'no list' } } }),
      want: ['Ready=False ScanFailed: no list', 'Reconciling=True Progressing: no list'],
    },
    {
      name: 'a tag that is followed, for which no list is needed',
      outcome: unlisted,
      want: ['Ready=True Succeeded: 6.1.0 is chosen'],
    },
    {
      name: 'candidates that wait',
      outcome: seen(['6.1.0', '6.2.0'], {
        options: {
          choice: { kind: 'selected', tag: '6.1.0' },
          passedOver: [waiting('6.3.0'), waiting('6.2.0')],
        },
      }),
      want: [
        'Ready=True Succeeded: 6.1.0 is chosen of 2 tags; 6.3.0 waits for minimumAge (and 1 more)',
      ],
    },
    {
      name: 'one candidate that waits',
      outcome: seen(['6.1.0', '6.2.0'], {
        options: { choice: { kind: 'selected', tag: '6.1.0' }, passedOver: [waiting('6.2.0')] },
      }),
      want: ['Ready=True Succeeded: 6.1.0 is chosen of 2 tags; 6.2.0 waits for minimumAge'],
    },
    {
      name: 'a candidate that is held back, and one that is not allowed',
      outcome: seen(['6.1.0', '6.2.0'], {
        options: {
          choice: { kind: 'selected', tag: '6.1.0' },
          passedOver: [
            { tag: '6.3.0', verdict: { kind: 'closed', message: 'lacks linux/arm64' } },
            {
              tag: '6.2.0',
              verdict: { kind: 'closed', reason: 'NotPromoted', message: 'was taken back' },
            },
          ],
        },
      }),
      want: ['Ready=True Succeeded: 6.1.0 is chosen of 2 tags; 6.2.0 was taken back'],
    },
    {
      name: 'a lock at a tag that is not there',
      outcome: seen(['6.2.0'], { spec: { lock: { tag: '6.1.0' } } }),
      want: [
        `Ready=False LockTagMissing: locked at 6.1.0, but ${IMAGE} has no such tag; all locations stay as they are`,
      ],
    },
    {
      name: 'a lock that has ended',
      outcome: seen(['6.2.0'], { spec: { lock: { tag: '6.1.0', until: '2026-06-01T11:00:00Z' } } }),
      want: ['Ready=True Succeeded: 6.2.0 is chosen of 1 tag'],
    },
  ])('says $name in its conditions', ({ outcome, want }) => {
    expect(conditions(after([outcome]))).toEqual(want);
    // Nothing of an earlier state is left over.
    for (const before of [invalid, failed('registry/unreachable'), seen(['6.0.0'])]) {
      expect(conditions(after([before, outcome])).toSorted()).toEqual(want);
    }
  });

  it('shows the lock in effect, beside what would be chosen', () => {
    const spec: Spec = { lock: { tag: '6.1.0', by: 'ana', until: '2026-06-02T00:00:00Z' } };
    const status = after([seen(['6.1.0', '6.2.0'], { spec })]);
    expect(status).toMatchObject({ lock: spec.lock, latest: { tag: '6.2.0' } });
    expect(after([seen(['6.1.0'], { spec }), seen(['6.1.0'])])).not.toHaveProperty('lock');
  });

  it('answers a request for a run, and remembers the answer', () => {
    const asked = after([seen(['6.1.0'])], { requestedAt: 'now' });
    expect(asked.lastHandledReconcileAt).toBe('now');
    const context = { previous: asked, generation: 1, requestedAt: undefined, now };
    expect(policyStatus(seen(['6.1.0']), context).lastHandledReconcileAt).toBe('now');
  });

  it.each([
    { name: 'the same', next: seen(['6.1.0']), want: false },
    { name: 'tags that are not chosen', next: seen(['6.1.0', 'latest']), want: false },
    { name: 'another choice', next: seen(['6.1.0', '6.2.0']), want: true },
    { name: 'a lock', next: seen(['6.1.0'], { spec: { lock: { tag: '6.1.0' } } }), want: true },
    { name: 'a failure', next: failed('registry/unreachable'), want: true },
  ])('matters to automations: $want after $name', ({ next, want }) => {
    const before = after([seen(['6.1.0'])]);
    expect(isOtherEffect(before, after([seen(['6.1.0']), next]))).toBe(want);
    expect(isOtherEffect({}, before)).toBe(true);
  });

  it('begins anew from a status that makes no sense', () => {
    expect(readPolicyStatus({ latest: 5 })).toEqual({});
    expect(readPolicyStatus(undefined)).toEqual({});
  });
});
