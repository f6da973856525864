import { describe, expect, it } from 'vitest';
import { cronTimes } from '../../src/adapters/time/cron-times.ts';
import {
  closedWait,
  openingDelayMs,
  windowState as stateOf,
} from '../../src/domain/write-windows.ts';

type Windows = Parameters<typeof stateOf>[0];

const windowState = (windows: Windows, now: Date) =>
  stateOf(windows, now, (...time) => cronTimes.next(...time));

const window = (cron: string, duration: string, timeZone = 'UTC') => ({ cron, duration, timeZone });

const at = (windows: Windows, now: string) => {
  const { open, nextOpen, nextChange } = windowState(windows, new Date(now));
  const short = (time?: Date) => time?.toISOString().replace(':00.000Z', 'Z');
  return [open ? 'open' : 'closed', short(nextOpen) ?? '-', short(nextChange) ?? '-'];
};

const NIGHTS = { allow: [window('0 22 * * 1-5', '8h')] };
const FREEZE = { deny: [window('0 18 * * 5', '62h')] };

describe('windows', () => {
  // 2026-06-01 is a Monday.
  it.each([
    { name: 'none at all', windows: {}, now: '2026-06-01T12:00:00Z', want: ['open', '-', '-'] },
    {
      name: 'before an allowed time',
      windows: NIGHTS,
      now: '2026-06-01T21:59:59Z',
      want: ['closed', '2026-06-01T22:00Z', '2026-06-01T22:00Z'],
    },
    {
      name: 'at its beginning',
      windows: NIGHTS,
      now: '2026-06-01T22:00:00Z',
      want: ['open', '-', '2026-06-02T06:00Z'],
    },
    {
      name: 'just before its end',
      windows: NIGHTS,
      now: '2026-06-02T05:59:59.999Z',
      want: ['open', '-', '2026-06-02T06:00Z'],
    },
    {
      name: 'at its end',
      windows: NIGHTS,
      now: '2026-06-02T06:00:00Z',
      want: ['closed', '2026-06-02T22:00Z', '2026-06-02T22:00Z'],
    },
    {
      name: 'over the weekend',
      windows: NIGHTS,
      now: '2026-06-06T07:00:00Z',
      want: ['closed', '2026-06-08T22:00Z', '2026-06-08T22:00Z'],
    },
    {
      name: 'before a freeze',
      windows: FREEZE,
      now: '2026-06-05T17:00:00Z',
      want: ['open', '-', '2026-06-05T18:00Z'],
    },
    {
      name: 'in a freeze',
      windows: FREEZE,
      now: '2026-06-06T12:00:00Z',
      want: ['closed', '2026-06-08T08:00Z', '2026-06-08T08:00Z'],
    },
    {
      name: 'allowed and frozen',
      windows: { ...NIGHTS, ...FREEZE },
      now: '2026-06-05T23:00:00Z',
      want: ['closed', '2026-06-08T22:00Z', '2026-06-08T22:00Z'],
    },
    {
      name: 'allowed, and frozen before the end',
      windows: { ...NIGHTS, deny: [window('0 2 * * *', '1h')] },
      now: '2026-06-01T23:00:00Z',
      want: ['open', '-', '2026-06-02T02:00Z'],
    },
    {
      name: 'frozen in the middle of an allowed time',
      windows: { ...NIGHTS, deny: [window('0 2 * * *', '1h')] },
      now: '2026-06-02T02:30:00Z',
      want: ['closed', '2026-06-02T03:00Z', '2026-06-02T03:00Z'],
    },
    {
      name: 'two freezes that follow one another',
      windows: { deny: [window('0 8 * * *', '2h'), window('0 10 * * *', '2h')] },
      now: '2026-06-01T09:00:00Z',
      want: ['closed', '2026-06-01T12:00Z', '2026-06-01T12:00Z'],
    },
    {
      name: 'starts that overlap',
      windows: { allow: [window('0 8-11 * * *', '90m')] },
      now: '2026-06-01T09:45:00Z',
      want: ['open', '-', '2026-06-01T12:30Z'],
    },
    {
      name: 'starts that touch',
      windows: { allow: [window('0 8,9 * * *', '1h')] },
      now: '2026-06-01T08:30:00Z',
      want: ['open', '-', '2026-06-01T10:00Z'],
    },
    {
      name: 'closed for ever',
      windows: { deny: [window('* * * * *', '1h')] },
      now: '2026-06-01T09:00:00Z',
      want: ['closed', '-', '2026-06-01T09:26Z'],
    },
  ])('$name', ({ windows, now, want }) => {
    expect(at(windows, now)).toEqual(want);
  });

  it.each([
    // The clock is put forward at 02:00 (01:00Z), and back at 03:00 (01:00Z).
    {
      zone: 'Europe/Berlin',
      cron: '30 2 * * *',
      duration: '1h',
      inside: [
        '2026-03-29T01:00:00Z',
        '2026-03-29T01:59:59Z',
        '2026-10-25T00:30:00Z',
        '2026-10-25T01:29:59Z',
      ],
      outside: [
        '2026-03-29T00:59:59Z',
        '2026-03-29T02:00:00Z',
        '2026-10-25T01:30:00Z',
        '2026-10-25T02:00:00Z',
      ],
    },
    // Forward at 02:00 (07:00Z), back at 02:00 (06:00Z): 01:30 comes twice.
    {
      zone: 'America/New_York',
      cron: '30 1 * * *',
      duration: '1h',
      inside: [
        '2026-03-08T06:30:00Z',
        '2026-03-08T07:29:59Z',
        '2026-11-01T05:30:00Z',
        '2026-11-01T06:29:59Z',
      ],
      outside: ['2026-03-08T07:30:00Z', '2026-11-01T05:29:59Z', '2026-11-01T06:30:00Z'],
    },
    // Half an hour: forward at 02:00 (15:30Z), back at 02:00 (15:00Z).
    {
      zone: 'Australia/Lord_Howe',
      cron: '15 2 * * *',
      duration: '30m',
      inside: [
        '2026-10-03T15:30:00Z',
        '2026-10-03T15:59:59Z',
        '2026-04-04T15:45:00Z',
        '2026-04-04T16:14:59Z',
      ],
      outside: [
        '2026-10-03T15:15:00Z',
        '2026-10-03T16:00:00Z',
        '2026-04-04T15:15:00Z',
        '2026-04-04T16:15:00Z',
      ],
    },
    // Forward at 02:45 (14:00Z), back at 03:45 (14:00Z).
    {
      zone: 'Pacific/Chatham',
      cron: '0 3 * * *',
      duration: '1h',
      inside: [
        '2026-09-26T14:00:00Z',
        '2026-09-26T14:59:59Z',
        '2026-04-04T13:15:00Z',
        '2026-04-04T14:14:59Z',
      ],
      outside: [
        '2026-09-26T13:59:59Z',
        '2026-09-26T15:00:00Z',
        '2026-04-04T13:14:59Z',
        '2026-04-04T14:15:00Z',
      ],
    },
  ])(
    'last as long as they say when the clock changes: $zone',
    ({ zone, cron, duration, inside, outside }) => {
      const windows = { allow: [window(cron, duration, zone)] };
      expect(inside.filter((time) => at(windows, time)[0] === 'closed')).toEqual([]);
      expect(outside.filter((time) => at(windows, time)[0] === 'open')).toEqual([]);
    },
  );

  it('say which of them decides', () => {
    const both = { ...NIGHTS, ...FREEZE };
    const frozen = windowState(both, new Date('2026-06-05T23:00:00Z'));
    expect(closedWait(frozen)).toEqual({
      reason: 'WindowClosed',
      text: 'until 2026-06-08T22:00:00Z (windows.deny[0] (0 18 * * 5, 62h, UTC) is active until 2026-06-08T08:00:00Z)',
    });
    expect(windowState(both, new Date('2026-06-01T23:00:00Z')).reason).toBe(
      'windows.allow[0] (0 22 * * 1-5, 8h, UTC) is active until 2026-06-02T06:00:00Z',
    );
    const always = windowState({ deny: [window('* * * * *', '1h')] }, new Date());
    expect(closedWait(always).text).toBe('(windows.deny[0] (* * * * *, 1h, UTC) is active)');
  });
});

describe('the delay after an opening', () => {
  it('is short, the same each time, and another for another automation', () => {
    const names = Array.from({ length: 100 }, (_, index) => `apps/team-${index}`);
    const delays = names.map(openingDelayMs);
    expect(names.map(openingDelayMs)).toEqual(delays);
    expect(Math.min(...delays)).toBeLessThan(3_000);
    expect(Math.max(...delays)).toBeGreaterThan(27_000);
    expect(Math.max(...delays)).toBeLessThan(30_000);
    expect(new Set(delays).size).toBeGreaterThan(90);
  });
});
