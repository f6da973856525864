import { describe, expect, it } from 'vitest';
import { REASONS, setCondition, type Condition } from '../../src/api/conditions.ts';

const earlier = '2026-01-01T00:00:00Z';
const now = new Date('2026-01-02T03:04:05.678Z');
const ready: Condition = {
  type: 'Ready',
  status: 'True',
  lastTransitionTime: earlier,
  reason: 'Succeeded',
  message: 'ghcr.io/org/app: 1.0.0',
};
const stalled: Condition = { ...ready, type: 'Stalled', status: 'False' };

describe('setCondition', () => {
  it('keeps the transition time while the status stays, whatever else changes', () => {
    const [after] = setCondition(
      [ready],
      { type: 'Ready', status: 'True', reason: 'Locked', message: 'locked at 1.0.0' },
      now,
    );
    expect(after).toEqual({
      type: 'Ready',
      status: 'True',
      reason: 'Locked',
      message: 'locked at 1.0.0',
      lastTransitionTime: earlier,
    });
  });

  it('takes the new time, to the second, when the status changes', () => {
    const [after] = setCondition(
      [ready],
      { type: 'Ready', status: 'False', reason: 'ScanFailed', message: 'registry down' },
      now,
    );
    expect(after?.lastTransitionTime).toBe('2026-01-02T03:04:05Z');
  });

  it('adds a type that is not there yet and leaves the others in their order', () => {
    const after = setCondition([ready, stalled], { ...ready, type: 'Reconciling' }, now);
    expect(after.map(({ type }) => type)).toEqual(['Ready', 'Stalled', 'Reconciling']);
    expect(after.slice(0, 2)).toEqual([ready, stalled]);
  });

  it('replaces in place and does not touch what it was given', () => {
    const before = Object.freeze([ready, stalled]);
    const after = setCondition(before, { ...ready, status: 'Unknown' }, now);
    expect(after.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'Ready=Unknown',
      'Stalled=False',
    ]);
    expect(before).toEqual([ready, stalled]);
  });
});

describe('REASONS', () => {
  it.each(Object.entries(REASONS))(
    '%s is CamelCase and explained in one sentence',
    (name, text) => {
      expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(text).toMatch(/^[^\n]{10,100}\.$/);
    },
  );
});
