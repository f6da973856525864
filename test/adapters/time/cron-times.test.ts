import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cronTimes } from '../../../src/adapters/time/cron-times.ts';

/** The next times, one after the other. */
function times(expression: string, timeZone: string, after: string, count: number) {
  const found: string[] = [];
  let time = new Date(after);
  for (let n = 0; n < count; n += 1) {
    time = cronTimes.next(expression, timeZone, time);
    found.push(time.toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

describe('the next time of a cron expression', () => {
  it.each([
    {
      name: 'comes after the given one',
      cron: '0 6 * * *',
      after: '2026-11-24T06:00:00Z',
      want: ['2026-11-25T06:00Z'],
    },
    {
      name: 'may be a moment away',
      cron: '0 6 * * *',
      after: '2026-11-24T05:59:59.999Z',
      want: ['2026-11-24T06:00Z'],
    },
    {
      name: 'minds the day of the week',
      cron: '0 6 * * 1-5',
      after: '2026-11-27T06:00:00Z',
      want: ['2026-11-30T06:00Z'],
    },
    {
      name: 'takes 7 for Sunday',
      cron: '0 6 * * 7',
      after: '2026-11-24T00:00:00Z',
      want: ['2026-11-29T06:00Z'],
    },
    {
      name: 'takes either day where both are narrowed',
      cron: '0 0 13 * fri',
      after: '2026-12-10T00:00:00Z',
      want: ['2026-12-11T00:00Z', '2026-12-13T00:00Z'],
    },
    {
      name: 'crosses the year',
      cron: '59 23 31 12 *',
      after: '2026-12-31T23:59:00Z',
      want: ['2027-12-31T23:59Z'],
    },
    {
      name: 'waits for a leap year',
      cron: '0 0 29 2 *',
      after: '2026-11-24T00:00:00Z',
      want: ['2028-02-29T00:00Z', '2032-02-29T00:00Z'],
    },
    {
      name: 'takes steps',
      cron: '*/20 5/12 * * *',
      after: '2026-11-24T05:30:00Z',
      want: ['2026-11-24T05:40Z', '2026-11-24T17:00Z'],
    },
  ])('$name', ({ cron, after, want }) => {
    expect(times(cron, 'UTC', after, want.length)).toEqual(want);
  });

  it.each([
    {
      name: 'Berlin, put forward over it',
      cron: '30 2 * * *',
      zone: 'Europe/Berlin',
      after: '2026-03-28T00:00:00Z',
      want: ['2026-03-28T01:30Z', '2026-03-29T01:00Z', '2026-03-30T00:30Z'],
    },
    {
      name: 'Berlin, put back over it',
      cron: '30 2 * * *',
      zone: 'Europe/Berlin',
      after: '2026-10-24T00:00:00Z',
      want: ['2026-10-24T00:30Z', '2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    },
    {
      name: 'Berlin, every half hour, forward',
      cron: '*/30 * * * *',
      zone: 'Europe/Berlin',
      after: '2026-03-29T00:00:00Z',
      want: ['2026-03-29T00:30Z', '2026-03-29T01:00Z', '2026-03-29T01:30Z'],
    },
    {
      name: 'Berlin, every hour, back',
      cron: '0 * * * *',
      zone: 'Europe/Berlin',
      after: '2026-10-24T23:00:00Z',
      want: ['2026-10-25T00:00Z', '2026-10-25T01:00Z', '2026-10-25T02:00Z'],
    },
    {
      name: 'New York, forward',
      cron: '30 2 * * *',
      zone: 'America/New_York',
      after: '2026-03-08T00:00:00Z',
      want: ['2026-03-08T07:00Z', '2026-03-09T06:30Z'],
    },
    {
      name: 'New York, back',
      cron: '30 1 * * *',
      zone: 'America/New_York',
      after: '2026-11-01T00:00:00Z',
      want: ['2026-11-01T05:30Z', '2026-11-02T06:30Z'],
    },
    {
      name: 'Lord Howe, half an hour forward',
      cron: '15 2 * * *',
      zone: 'Australia/Lord_Howe',
      after: '2026-10-02T16:00:00Z',
      want: ['2026-10-03T15:30Z', '2026-10-04T15:15Z'],
    },
    {
      name: 'Lord Howe, half an hour back',
      cron: '45 1 * * *',
      zone: 'Australia/Lord_Howe',
      after: '2026-04-04T00:00:00Z',
      want: ['2026-04-04T14:45Z', '2026-04-05T15:15Z'],
    },
    {
      name: 'Lord Howe, every quarter, back',
      cron: '*/15 * * * *',
      zone: 'Australia/Lord_Howe',
      after: '2026-04-04T14:30:00Z',
      want: ['2026-04-04T14:45Z', '2026-04-04T15:00Z', '2026-04-04T15:15Z', '2026-04-04T15:30Z'],
    },
    {
      name: 'Chatham, forward',
      cron: '0 3 * * *',
      zone: 'Pacific/Chatham',
      after: '2026-09-26T12:00:00Z',
      want: ['2026-09-26T14:00Z', '2026-09-27T13:15Z'],
    },
    {
      name: 'Chatham, back',
      cron: '15 3 * * *',
      zone: 'Pacific/Chatham',
      after: '2026-04-04T00:00:00Z',
      want: ['2026-04-04T13:30Z', '2026-04-05T14:30Z'],
    },
    {
      name: 'Cairo, where midnight is skipped',
      cron: '0 0 * * *',
      zone: 'Africa/Cairo',
      after: '2026-04-22T23:00:00Z',
      want: ['2026-04-23T22:00Z', '2026-04-24T21:00Z'],
    },
    {
      name: 'Samoa, where a day was skipped',
      cron: '0 12 30 12 *',
      zone: 'Pacific/Apia',
      after: '2011-12-29T00:00:00Z',
      want: ['2011-12-30T10:00Z', '2012-12-29T22:00Z'],
    },
  ])('is right when the clock changes: $name', ({ cron, zone, after, want }) => {
    expect(times(cron, zone, after, want.length)).toEqual(want);
  });

  it('always comes later, and is never passed over', () => {
    const zone = fc.constantFrom('Europe/Berlin', 'Australia/Lord_Howe', 'Pacific/Chatham', 'UTC');
    const cron = fc.constantFrom(
      '* * * * *',
      '*/15 * * * *',
      '30 1,2 * * *',
      '0 0 * * 0',
      '45 2 4-5 4,10 *',
    );
    const time = fc.date({
      min: new Date('2026-01-01'),
      max: new Date('2027-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(
        zone,
        cron,
        time,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (where, expression, from, part) => {
          const next = cronTimes.next(expression, where, from);
          expect(next.getTime()).toBeGreaterThan(from.getTime());
          const between = new Date(
            from.getTime() + Math.floor((next.getTime() - from.getTime() - 1) * part),
          );
          expect(cronTimes.next(expression, where, between)).toEqual(next);
        },
      ),
      { numRuns: 60 },
    );
  });
});
