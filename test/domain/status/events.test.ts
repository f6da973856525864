import { describe, expect, it } from 'vitest';
import type { ImagePolicyStatus } from '../../../src/api/image-policy-status.ts';
import type { Change } from '../../../src/domain/plan/update-plan.ts';
import { conditionsOf, type Verdict } from '../../../src/domain/status/conditions.ts';
import {
  automationEvents,
  policyEvents,
  pullRequestEvent,
  pushEvent,
  receiverEvents,
} from '../../../src/domain/status/events.ts';
import { digest } from '../../support/builders.ts';

const now = new Date('2026-06-01T12:00:00Z');
const IMAGE = 'ghcr.io/stefanprodan/podinfo';

function status(over: Partial<ImagePolicyStatus>, verdict?: Partial<Verdict>): ImagePolicyStatus {
  const told: Verdict = { state: 'ready', reason: 'Succeeded', message: 'well', ...verdict };
  return { conditions: [...conditionsOf(told, [], { generation: 1, now })], ...over };
}

const chosen = (tag: string) => ({ image: IMAGE, tag });
const failing = { state: 'failing', reason: 'ScanFailed', message: 'no answer' } as const;
const one = status({ latest: chosen('6.1.0') });
const two = status({ latest: chosen('6.2.0'), previous: chosen('6.1.0') });

describe('events of a policy', () => {
  it.each([
    { name: 'nothing changed', before: one, after: one, want: [] },
    { name: 'its first choice', before: {}, after: one, want: [`Normal NewTag: ${IMAGE} 6.1.0`] },
    {
      name: 'another choice',
      before: one,
      after: two,
      want: [`Normal NewTag: ${IMAGE} 6.1.0 -> 6.2.0`],
    },
    {
      name: 'another digest',
      before: status({ latest: { ...chosen('main'), digest: digest('a') } }),
      after: status({
        latest: { ...chosen('main'), digest: digest('b') },
        previous: { ...chosen('main'), digest: digest('a') },
      }),
      want: [`Normal NewTag: ${IMAGE} main@${digest('a')} -> main@${digest('b')}`],
    },
    {
      name: 'a failure',
      before: one,
      after: status({ latest: chosen('6.1.0') }, failing),
      want: ['Warning ScanFailed: no answer'],
    },
    {
      name: 'a failure from the start',
      before: {},
      after: status({}, failing),
      want: ['Warning ScanFailed: no answer'],
    },
    {
      name: 'the same failure, told in other words',
      before: status({}, failing),
      after: status({}, { ...failing, message: 'still no answer' }),
      want: [],
    },
    {
      name: 'a recovery with another choice',
      before: status({ latest: chosen('6.1.0') }, failing),
      after: two,
      want: [`Normal NewTag: ${IMAGE} 6.1.0 -> 6.2.0`, 'Normal Succeeded: well'],
    },
    {
      name: 'a lock',
      before: one,
      after: status({ latest: chosen('6.1.0') }, { reason: 'Locked', message: 'locked at 6.0.0' }),
      want: ['Normal Locked: locked at 6.0.0'],
    },
  ])('tell of $name', ({ before, after, want }) => {
    const events = policyEvents(before, after);
    expect(events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).toEqual(
      want,
    );
  });
});

describe('events of an automation', () => {
  it('tell of readiness that was lost and came back', () => {
    const [ready, not] = [status({}), status({}, { ...failing, reason: 'GitFailed' })];
    const told = [
      automationEvents({}, ready),
      automationEvents(ready, not),
      automationEvents(not, not),
      automationEvents(not, ready),
    ];
    expect(told.map((events) => events.map(({ type, reason }) => `${type} ${reason}`))).toEqual([
      [],
      ['Warning GitFailed'],
      [],
      ['Normal Succeeded'],
    ]);
  });

  function change(over: Partial<Change> = {}): Change {
    const base = { policy: 'apps/podinfo', image: IMAGE, from: '6.1.0', to: '6.2.0' };
    return { ...base, path: 'web.yaml', line: 1, locked: false, fields: [], ...over };
  }

  it('name old and new tag and the commit of a push, each step once', () => {
    const changes = [
      change(),
      change({ path: 'b.yaml' }),
      change({ image: 'nginx', from: '1', to: '2' }),
    ];
    expect(pushEvent({ commit: 'abc123', branch: 'main' }, changes)).toEqual({
      type: 'Normal',
      reason: 'Pushed',
      message: `${IMAGE} 6.1.0 -> 6.2.0, nginx 1 -> 2 (commit abc123 on main)`,
    });
  });

  it.each([
    {
      state: 'opened',
      reason: 'PullRequestOpened',
      message: 'opened https://x/1 Update podinfo',
    },
    {
      state: 'closed',
      reason: 'PullRequestClosed',
      message: 'closed, for nothing is left to do: https://x/1 Update podinfo',
    },
  ] as const)('tell that a pull request was $state', ({ state, reason, message }) => {
    const request = { state, title: 'Update podinfo', url: 'https://x/1' };
    expect(pullRequestEvent(request)).toEqual({ type: 'Normal', reason, message });
  });

  it('name the commit of a push, however many images it moved', () => {
    const changes = Array.from({ length: 100 }, (_, index) =>
      change({ image: `${IMAGE}-${index}` }),
    );
    const { message } = pushEvent({ commit: 'abc123', branch: 'main' }, changes);
    expect(message).toMatch(/^100 images \(commit abc123 on main\): .*…$/);
    expect(message).toHaveLength(1_024);
  });
});

describe('events of automations and receivers', () => {
  it.each([
    ['an automation', automationEvents],
    ['a receiver', receiverEvents],
  ] as const)('of %s are its transitions between reasons', (_, eventsOf) => {
    const before = { conditions: one.conditions };
    const after = { conditions: status({}, failing).conditions };
    expect(eventsOf(before, before)).toEqual([]);
    expect(eventsOf(before, after)).toEqual([
      { type: 'Warning', reason: 'ScanFailed', message: 'no answer' },
    ]);
  });
});
