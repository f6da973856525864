import { describe, expect, it } from 'vitest';
import type { RecordedStep } from '../../../src/domain/commit-record.ts';
import { holdsMore } from '../../../src/domain/branches/holds-more.ts';

const WEB = { policy: 'apps/web', to: '1.1.0' };
const API = { policy: 'apps/api', to: '2.0.0' };
const JOB = { policy: 'apps/job', to: '3.0.0' };

interface Row {
  readonly held: readonly RecordedStep[];
  readonly wanted: readonly RecordedStep[];
  readonly unsettled: readonly string[];
  readonly want: boolean;
}

describe('a branch that holds more than is wanted', () => {
  it.each<[string, Row]>([
    [
      'what cannot be judged now',
      { held: [WEB, API], wanted: [WEB], unsettled: ['apps/api'], want: true },
    ],
    [
      'several such',
      { held: [WEB, API, JOB], wanted: [WEB], unsettled: ['apps/api', 'apps/job'], want: true },
    ],
    ['what is settled', { held: [WEB, API], wanted: [WEB], unsettled: [], want: false }],
    [
      'one that is settled among others',
      { held: [WEB, API, JOB], wanted: [WEB], unsettled: ['apps/api'], want: false },
    ],
    ['nothing more', { held: [WEB], wanted: [WEB], unsettled: ['apps/api'], want: false }],
    ['less than is wanted', { held: [API], wanted: [WEB], unsettled: ['apps/api'], want: false }],
    [
      'another tag than is wanted',
      { held: [{ ...WEB, to: '1.0.1' }, API], wanted: [WEB], unsettled: ['apps/api'], want: false },
    ],
  ])('%s', (_, { held, wanted, unsettled, want }) => {
    expect(holdsMore(held, wanted, (policy) => !unsettled.includes(policy))).toBe(want);
  });
});
