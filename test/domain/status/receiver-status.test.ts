import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/domain/errors.ts';
import {
  readReceiverStatus,
  receiverStatus,
  type ReceiverOutcome,
} from '../../../src/domain/status/receiver-status.ts';

const now = new Date('2026-06-01T12:00:00Z');
const opened: ReceiverOutcome = { kind: 'open', path: '/hook/abc', isSuspended: false };
const context = { previous: {}, generation: 2, requestedAt: undefined, now };

function failed(code: ErrorCode): ReceiverOutcome {
  return { kind: 'failed', error: { code, message: 'no answer' } };
}

function ready(outcome: ReceiverOutcome): string {
  const { conditions = [] } = receiverStatus(outcome, context);
  return conditions
    .filter(({ type }) => type === 'Ready')
    .map(({ status, reason, message }) => `${status} ${reason}: ${message}`)
    .join();
}

describe('the status of a receiver', () => {
  it('says where pushes are taken, and is the same for the same outcome', () => {
    const status = receiverStatus(opened, context);
    expect(status).toMatchObject({ path: '/hook/abc', observedGeneration: 2 });
    const later = { ...context, previous: status, now: new Date('2026-06-01T13:00:00Z') };
    expect(receiverStatus(opened, later)).toEqual(status);
  });

  it.each<{ readonly outcome: ReceiverOutcome; readonly want: string }>([
    { outcome: opened, want: 'True Succeeded: takes pushes at the path in status.path' },
    {
      outcome: { ...opened, isSuspended: true },
      want: 'True Suspended: suspended: no push is acted on',
    },
    { outcome: failed('secret/not-found'), want: 'False SecretNotFound: no answer' },
    {
      outcome: {
        kind: 'invalid',
        findings: [{ severity: 'error', code: 'resource/invalid', message: 'no such type' }],
      },
      want: 'False InvalidSpec: no such type',
    },
  ])('says $want', ({ outcome, want }) => {
    expect(ready(outcome)).toBe(want);
  });

  it.each<{ readonly name: string; readonly outcome: ReceiverOutcome; readonly path?: string }>([
    {
      name: 'closes with a spec that is wrong',
      outcome: {
        kind: 'invalid',
        findings: [{ severity: 'error', code: 'resource/invalid', message: 'no such type' }],
      },
    },
    { name: 'closes without its Secret', outcome: failed('secret/not-found') },
    { name: 'closes with a Secret that is no use', outcome: failed('secret/invalid') },
    {
      name: 'stays open while the API server does not answer',
      outcome: failed('cluster/unreachable'),
      path: '/hook/abc',
    },
  ])('$name', ({ outcome, path }) => {
    const previous = receiverStatus(opened, context);
    expect(receiverStatus(outcome, { ...context, previous }).path).toBe(path);
  });

  it('remembers the request that it has answered', () => {
    const first = receiverStatus(opened, { ...context, requestedAt: 'one' });
    expect(receiverStatus(opened, { ...context, previous: first })).toMatchObject({
      lastHandledReconcileAt: 'one',
    });
  });

  it('is read as far as it can be understood', () => {
    expect(readReceiverStatus({ path: '/hook/abc' })).toEqual({ path: '/hook/abc' });
    expect(readReceiverStatus({ path: 1 })).toEqual({});
    expect(readReceiverStatus(undefined)).toEqual({});
  });
});
