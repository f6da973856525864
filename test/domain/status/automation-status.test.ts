import { describe, expect, it } from 'vitest';
import {
  imageUpdateAutomationStatusSchema,
  type ImageUpdateAutomationStatus,
} from '../../../src/api/image-update-automation-status.ts';
import type { ErrorCode, Finding } from '../../../src/domain/errors.ts';
import type { Decision } from '../../../src/domain/plan/decide-slot.ts';
import { planUpdate } from '../../../src/domain/plan/update-plan.ts';
import type { Choice, PolicyView } from '../../../src/domain/plan/policy-view.ts';
import {
  automationStatus,
  readAutomationStatus,
  type AutomationOutcome,
  type FinishedPass,
} from '../../../src/domain/status/automation-status.ts';
import { batchAt, waitOf } from '../../../src/domain/batch-window.ts';
import { closedWait, type WindowState } from '../../../src/domain/write-windows.ts';
import { field, lock, policy, slot, view } from '../../support/builders.ts';

const now = new Date('2026-06-01T12:00:00Z');
const IMAGE = 'ghcr.io/stefanprodan/podinfo';
const context = { previous: {}, generation: 2, requestedAt: undefined, now };

function views(choice?: Choice): ReadonlyMap<string, PolicyView> {
  const tags = ['6.1.0', '6.2.0'];
  return new Map([
    ['apps/podinfo', view(policy(), choice === undefined ? { tags } : { tags, choice })],
  ]);
}

/** Fields in files of their own: app0.yaml, app1.yaml … */
function passed(
  fields: readonly ReturnType<typeof field>[],
  over: Partial<FinishedPass> = {},
): AutomationOutcome {
  const placed = fields.map((one, index) => ({
    ...one,
    at: { ...one.at, path: `app${index}.yaml` },
  }));
  const of = over.views ?? views();
  const plan = planUpdate({ fields: placed, views: of, known: new Set(of.keys()), now });
  return {
    kind: 'passed',
    pass: {
      decisions: plan.decisions,
      findings: plan.findings,
      views: of,
      changed: new Set(placed.map(({ at }) => at.path)),
      unusable: [],
      ...over,
    },
  };
}

function failed(code: ErrorCode): AutomationOutcome {
  return { kind: 'failed', error: { code, message: 'no answer' } };
}

function conditions({ conditions: all = [] }: ImageUpdateAutomationStatus): readonly string[] {
  return all.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
}

const old = field(`${IMAGE}:6.1.0`);
const current = field(`${IMAGE}:6.2.0`);
const closed: WindowState = {
  open: false,
  reason: 'outside of all windows',
  nextOpen: new Date('2026-06-01T22:00:00Z'),
};
const BATCH = batchAt('10m', undefined, new Date('2026-06-01T12:00:00Z'));
const pending: Decision = {
  policy: 'apps/podinfo',
  slot: slot(old),
  reason: 'WindowClosed',
  message: 'waits',
  edits: [],
};
const heldBack: Decision = {
  ...pending,
  reason: 'Held',
  message: 'held at 6.1.0',
  hold: { rejected: '6.2.0', by: 'Ana', time: '2026-06-01T11:00:00Z', commit: 'c0ffee' },
};
const broken: Finding = {
  severity: 'error',
  code: 'manifest/unparsable',
  message: 'a quote is missing',
  at: { path: 'web.yaml', line: 3 },
};

describe('the status of an automation', () => {
  it('counts every location once', () => {
    const fields = [
      old,
      current,
      field(`${IMAGE}:6.1.0`, { locks: [lock({ tag: '6.1.0' })] }),
      field(`${IMAGE}:6.1.0`, { locks: [lock({ tag: '6.2.0' })] }),
      field(`${IMAGE}:6.1.0`, { locks: [lock({ tag: '5.0.0' })] }),
      field(`${IMAGE}:9.0.0`),
    ];
    const { locations } = automationStatus(passed(fields), context);
    expect(locations).toEqual({ total: 6, upToDate: 2, pending: 0, locked: 2, held: 1, failed: 1 });
  });

  it('counts a location as failed where its file could not be edited', () => {
    const { locations } = automationStatus(passed([old, current], { changed: new Set() }), context);
    expect(locations).toMatchObject({ total: 2, upToDate: 1, failed: 1 });
  });

  it.each([
    {
      name: 'all is up to date',
      outcome: passed([current]),
      want: ['Ready=True Succeeded: 1 of 1 location up to date'],
    },
    {
      name: 'something is locked and something left alone',
      outcome: passed([
        current,
        field(`${IMAGE}:6.1.0`, { locks: [lock()] }),
        field(`${IMAGE}:9.0.0`),
      ]),
      want: [
        'Ready=True Succeeded: 1 of 3 locations up to date, 1 locked, 1 left alone; app2.yaml:3:10 holds 9.0.0, which is newer than 6.2.0; set allowDowngrade or a lock to go back',
      ],
    },
    {
      name: 'changes wait on a branch',
      outcome: passed(
        [old, current, field(`${IMAGE}:6.1.0`, { locks: [lock({ tag: '6.2.0' })] })],
        {
          waitsOn: ['bot'],
        },
      ),
      want: [
        'Ready=True Succeeded: 1 of 3 locations up to date, 2 waiting; on branch bot, to be merged',
      ],
    },
    {
      name: 'changes wait on several branches',
      outcome: passed([old], { waitsOn: ['a', 'b', 'c'] }),
      want: [
        'Ready=True Succeeded: 0 of 1 location up to date, 1 waiting; on branch a (and 2 more), to be merged',
      ],
    },
    {
      name: 'a pull request is open',
      outcome: passed([old], {
        waitsOn: ['a'],
        pullRequests: [{ branch: 'a', url: 'https://x/1' }],
      }),
      want: [
        'Ready=True Succeeded: 0 of 1 location up to date, 1 waiting; 1 pull request open: https://x/1',
      ],
    },
    {
      name: 'several pull requests are open',
      outcome: passed([old], {
        waitsOn: ['a', 'b'],
        pullRequests: [
          { branch: 'a', url: 'https://x/1' },
          { branch: 'b', url: 'https://x/2' },
        ],
      }),
      want: [
        'Ready=True Succeeded: 0 of 1 location up to date, 1 waiting; 2 pull requests open: https://x/1 (and 1 more)',
      ],
    },
    {
      name: 'a branch is left alone',
      outcome: passed([old], {
        waitsOn: [],
        findings: [{ severity: 'warning', code: 'branch/foreign', message: 'bot is left alone' }],
      }),
      want: ['Ready=True Succeeded: 0 of 1 location up to date, 1 waiting; bot is left alone'],
    },
    {
      name: 'there is nothing to look after',
      outcome: passed([]),
      want: ['Ready=True Succeeded: no field of the repo belongs to a policy of this automation'],
    },
    {
      name: 'a policy failed',
      outcome: passed([current], { views: views({ kind: 'failed', message: 'no answer' }) }),
      want: ['Ready=False PolicyNotReady: ImagePolicy apps/podinfo: no answer'],
    },
    {
      name: 'a policy allows no tag',
      outcome: passed([current], { views: views({ kind: 'none', message: 'no tag' }) }),
      want: ['Ready=False PolicyNotReady: ImagePolicy apps/podinfo: no tag'],
    },
    {
      name: 'a policy is suspended',
      outcome: passed([current], { views: views({ kind: 'suspended' }) }),
      want: [
        'Ready=True Succeeded: 0 of 1 location up to date, 1 left alone; app0.yaml:3:10 ImagePolicy apps/podinfo is suspended',
      ],
    },
    {
      name: 'policies cannot be used',
      outcome: passed([current], { unusable: ['apps/a', 'apps/b'] }),
      want: [
        'Ready=False PolicyNotReady: ImagePolicy apps/a cannot be used; see its status (and 1 more)',
      ],
    },
    {
      name: 'a file cannot be read, whatever the policies say',
      outcome: passed([current], { findings: [broken, broken], unusable: ['apps/a'] }),
      want: ['Ready=False ManifestInvalid: web.yaml:3: a quote is missing (and 1 more)'],
    },
    {
      name: 'only warnings are told',
      outcome: passed([current], { findings: [{ ...broken, severity: 'warning' }] }),
      want: ['Ready=True Succeeded: 1 of 1 location up to date'],
    },
    {
      name: 'the tag of a lock is not there',
      outcome: passed([field(`${IMAGE}:6.1.0`, { locks: [lock({ tag: '5.0.0' })] })]),
      want: [
        `Ready=False LockTagMissing: app0.yaml:3:10: locked at 5.0.0, but ${IMAGE} has no such tag; the field stays as it is`,
      ],
    },
    {
      name: 'it is suspended',
      outcome: { kind: 'suspended' } as const,
      want: ['Ready=True Suspended: suspended: nothing is written to the repo'],
    },
    {
      name: 'what it follows is suspended',
      outcome: { kind: 'suspended', by: 'GitRepository apps/config' } as const,
      want: [
        'Ready=True Suspended: GitRepository apps/config is suspended: nothing is written to the repo',
      ],
    },
    {
      name: 'its spec is wrong',
      outcome: {
        kind: 'invalid',
        findings: [{ ...broken, code: 'resource/invalid', message: 'spec.git.url: no' }],
      } as const,
      want: [
        'Ready=False InvalidSpec: spec.git.url: no',
        'Stalled=True InvalidSpec: spec.git.url: no',
      ],
    },
    {
      name: 'it may not use a policy',
      outcome: passed([current], { findings: [{ ...broken, code: 'policy/no-access' }] }),
      want: ['Ready=False AccessDenied: web.yaml:3: a quote is missing'],
    },
    {
      name: 'a marker names no policy',
      outcome: passed([current], {
        findings: [
          { ...broken, severity: 'warning', code: 'marker/unknown-policy', message: 'no policy' },
        ],
      }),
      want: ['Ready=True Succeeded: 1 of 1 location up to date; web.yaml:3: no policy'],
    },
    {
      name: 'one change waits for a window',
      outcome: passed([old], { window: closed, wait: closedWait(closed), decisions: [pending] }),
      want: [
        'Ready=True WindowClosed: 1 location to be changed waits until 2026-06-01T22:00:00Z (outside of all windows)',
      ],
    },
    {
      name: 'several wait for a window',
      outcome: passed([old], {
        window: closed,
        wait: closedWait(closed),
        decisions: [pending, pending],
      }),
      want: [
        'Ready=True WindowClosed: 2 locations to be changed wait until 2026-06-01T22:00:00Z (outside of all windows)',
      ],
    },
    {
      name: 'some changes wait for more and others for their age',
      outcome: passed([old], {
        batch: BATCH,
        wait: waitOf(BATCH, BATCH.since),
        decisions: [
          { ...pending, reason: 'Batching' },
          { ...pending, reason: 'MinimumAge' },
        ],
      }),
      want: [
        'Ready=True Batching: 1 location to be changed waits for more changes until 2026-06-01T12:10:00Z (batchWindow 10m)',
      ],
    },
    {
      name: 'a window is closed and nothing would be changed',
      outcome: passed([current], { window: closed, wait: closedWait(closed) }),
      want: ['Ready=True Succeeded: 1 of 1 location up to date'],
    },
    {
      name: 'a candidate waits in an open window',
      outcome: passed([old], {
        window: { open: true, reason: 'inside' },
        decisions: [{ ...pending, reason: 'MinimumAge' }],
      }),
      want: ['Ready=True Succeeded: 0 of 1 location up to date, 1 waiting; app.yaml:3:10 waits'],
    },
    {
      name: 'persons have moved fields away',
      outcome: passed([old], { decisions: [heldBack, heldBack] }),
      want: [
        'Ready=True Succeeded: 0 of 2 locations up to date, 2 left alone; app.yaml:3:10 held at 6.1.0 (and 1 more)',
      ],
    },
    ...(
      [
        ['git/unreachable', 'GitFailed'],
        ['git/not-found', 'GitFailed'],
        ['git/unauthorized', 'AccessDenied'],
        ['cluster/forbidden', 'AccessDenied'],
        ['resource/not-supported', 'NotSupported'],
        ['git/rejected', 'PushRejected'],
        ['git/protected', 'PushRejected'],
        ['git/conflict', 'PushRejected'],
        ['forge/unauthorized', 'AccessDenied'],
        ['forge/unreachable', 'PullRequestFailed'],
        ['forge/rejected', 'PullRequestFailed'],
        ['resource/invalid', 'InvalidSpec'],
        ['secret/not-found', 'SecretNotFound'],
        ['internal', 'GitFailed'],
      ] as const
    ).map(([code, reason]) => ({
      name: `the pass failed with ${code}`,
      outcome: failed(code),
      want: [`Ready=False ${reason}: no answer`, 'Reconciling=True Progressing: no answer'],
    })),
  ])('says so when $name', ({ outcome, want }) => {
    expect(conditions(automationStatus(outcome, context))).toEqual(want);
  });

  it('keeps the last push and the counts until there are others', () => {
    const push = { commit: 'c1', branch: 'main', at: now };
    const first = automationStatus(passed([old]), context, push);
    const lastPush = { commit: 'c1', branch: 'main', time: '2026-06-01T12:00:00Z' };
    expect(first).toMatchObject({ lastPush, locations: { upToDate: 1 } });
    const second = automationStatus(failed('git/unreachable'), { ...context, previous: first });
    expect(second).toMatchObject({ lastPush, locations: { upToDate: 1 } });
    const next = automationStatus(
      passed([old]),
      { ...context, previous: second },
      { ...push, commit: 'c2' },
    );
    expect(next.lastPush?.commit).toBe('c2');
  });

  it('names the pull request of the last push, whichever run opened it', () => {
    const push = { commit: 'c1', branch: 'bot', at: now };
    const first = automationStatus(failed('forge/unreachable'), context, push);
    expect(first.lastPush).not.toHaveProperty('pullRequest');
    const pullRequests = [
      { branch: 'other', url: 'https://x/1' },
      { branch: 'bot', url: 'https://x/2' },
    ];
    const outcome = passed([old], { waitsOn: ['bot'], pullRequests });
    const second = automationStatus(outcome, { ...context, previous: first });
    expect(second.lastPush).toMatchObject({ commit: 'c1', pullRequest: 'https://x/2' });
    const third = automationStatus(passed([current]), { ...context, previous: second });
    expect(third.lastPush).toEqual(second.lastPush);
  });

  it('stays the same, to the byte, when a pass with nothing to do follows a push', () => {
    const push = { commit: 'c1', branch: 'main', at: now };
    const first = automationStatus(passed([old]), context, push);
    const later = { ...context, previous: first, now: new Date('2026-06-01T13:00:00Z') };
    expect(automationStatus(passed([current]), later)).toEqual(first);
    expect(imageUpdateAutomationStatusSchema.parse(first)).toEqual(first);
  });

  it('lists what persons moved away, with who and where as far as that is known', () => {
    const { by: _, commit: __, time: ___, ...nameless } = heldBack.hold ?? { rejected: '' };
    const decisions = [heldBack, { ...heldBack, hold: nameless }, pending];
    expect(automationStatus(passed([old], { decisions }), context).holds).toEqual([
      {
        location: 'app.yaml:3',
        tag: '6.2.0',
        by: 'Ana',
        time: '2026-06-01T11:00:00Z',
        commit: 'c0ffee',
      },
      { location: 'app.yaml:3', tag: '6.2.0' },
    ]);
    expect(automationStatus(passed([old]), context)).not.toHaveProperty('holds.0');
  });

  it('tells the state of its windows', () => {
    const window = (state: WindowState) =>
      automationStatus(passed([current], { window: state }), context).window;
    expect(window(closed)).toEqual({
      open: false,
      reason: 'outside of all windows',
      nextOpen: '2026-06-01T22:00:00Z',
    });
    expect(window({ open: true, reason: 'inside' })).toEqual({ open: true, reason: 'inside' });
  });

  it('begins anew from a status that makes no sense', () => {
    expect(readAutomationStatus({ locations: 5 })).toEqual({});
  });

  it('answers a request for a run', () => {
    const status = automationStatus(passed([]), { ...context, requestedAt: 'now' });
    expect(status.lastHandledReconcileAt).toBe('now');
    expect(readAutomationStatus(JSON.parse(JSON.stringify(status)))).toEqual(status);
  });
});
