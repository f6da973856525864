import { describe, expect, it } from 'vitest';
import {
  batchAfter,
  batchAt,
  batchSince,
  keptBatch,
  waitOf,
  type BatchOutcome,
} from '../../src/domain/batch-window.ts';

const at = (time: string) => new Date(`2026-06-01T${time}Z`);

describe('a batch', () => {
  it.each([
    { name: 'begins with the first change', since: undefined, now: '12:00:00', want: '12:10:00' },
    {
      name: 'is not prolonged by later ones',
      since: '12:00:00',
      now: '12:07:00',
      want: '12:10:00',
    },
    {
      name: 'ends when it ends, however late it is',
      since: '12:00:00',
      now: '18:00:00',
      want: '12:10:00',
    },
    { name: 'begins at a full second', since: undefined, now: '12:00:00.999', want: '12:10:00' },
    {
      name: 'begins now where the clock was put back',
      since: '15:00:00',
      now: '12:00:00',
      want: '12:10:00',
    },
  ])('$name', ({ since, now, want }) => {
    const batch = batchAt('10m', since === undefined ? undefined : at(since), at(now));
    expect(batch.until).toEqual(at(want));
    expect(batch.since).toEqual(new Date(at(want).getTime() - 600_000));
  });

  it('goes by the window as it is now', () => {
    expect(batchAt('1h30m', at('12:00:00'), at('12:20:00')).until).toEqual(at('13:30:00'));
  });

  it('keeps its changes waiting until the moment at which it ends', () => {
    const batch = batchAt('10m', undefined, at('12:00:00'));
    expect(waitOf(batch, at('12:09:59.999'))).toEqual({
      reason: 'Batching',
      text: 'for more changes until 2026-06-01T12:10:00Z (batchWindow 10m)',
    });
    expect(waitOf(batch, at('12:10:00'))).toBeUndefined();
  });

  it.each<{ outcome: BatchOutcome; before: string | undefined; isOpen: boolean }>([
    { outcome: 'waiting', before: undefined, isOpen: true },
    { outcome: 'waiting', before: '11:59:00', isOpen: true },
    { outcome: 'written', before: '11:59:00', isOpen: false },
    { outcome: 'none', before: '11:59:00', isOpen: false },
    { outcome: 'none', before: undefined, isOpen: false },
    { outcome: 'unknown', before: undefined, isOpen: false },
    { outcome: 'unknown', before: '11:59:00', isOpen: true },
  ])('that began at $before is open after "$outcome": $isOpen', ({ outcome, before, isOpen }) => {
    const since = before === undefined ? undefined : at(before);
    const batch = batchAt('10m', since, at('12:00:00'));
    expect(batchAfter(batch, since, outcome)).toEqual(isOpen ? batch : undefined);
  });

  it('is read as it was kept', () => {
    const batch = batchAt('10m', undefined, at('12:00:00.123'));
    expect(keptBatch(batch)).toEqual({
      since: '2026-06-01T12:00:00Z',
      until: '2026-06-01T12:10:00Z',
    });
    expect(batchSince({ batch: keptBatch(batch) })).toEqual(batch.since);
    expect(batchSince({})).toBeUndefined();
  });
});
