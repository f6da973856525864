import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/connections/retry-after.ts';

const NOW = new Date('2026-11-20T10:00:00Z');
const HOUR_MS = 3_600_000;

describe('retryAfterMs', () => {
  it.each([
    { header: '120', want: 120_000 },
    { header: '0', want: 0 },
    { header: '0.0004', want: 1 },
    { header: 'Fri, 20 Nov 2026 10:00:30 GMT', want: 30_000 },
    { header: 'Fri, 20 Nov 2026 09:00:00 GMT', want: 0 },
    { header: '99999999', want: HOUR_MS },
    { header: 'Thu, 01 Jan 2099 00:00:00 GMT', want: HOUR_MS },
    { header: '629.299µs', want: undefined },
    { header: 'soon', want: undefined },
    { header: '', want: undefined },
    { header: undefined, want: undefined },
  ])('of $header is $want', ({ header, want }) => {
    expect(retryAfterMs(header, NOW)).toBe(want);
  });
});
