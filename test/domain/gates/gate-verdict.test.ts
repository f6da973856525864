import { expect, it } from 'vitest';
import {
  heldBackOf,
  nextEligible,
  waitingOf,
  type PassedOver,
} from '../../../src/domain/gates/gate-verdict.ts';

const [early, late] = [new Date(1_000), new Date(2_000)] as const;
const closed: PassedOver = { tag: '1.0.0', verdict: { kind: 'closed', message: 'no' } };

function waiting(tag: string, eligibleAt: Date): PassedOver {
  return {
    tag,
    verdict: {
      kind: 'waiting',
      reason: 'MinimumAge',
      message: 'waits',
      firstSeen: early,
      eligibleAt,
    },
  };
}

it('a look is due again when the first of the candidates that wait is eligible', () => {
  const passedOver = [waiting('1.2.0', late), closed, waiting('1.1.0', early)];
  expect(waitingOf(passedOver).map(({ tag }) => tag)).toEqual(['1.2.0', '1.1.0']);
  expect(nextEligible(passedOver)).toEqual(early);
});

it('those are held back that are allowed, and of which nobody knows when they will be chosen', () => {
  const verdict = { kind: 'closed', reason: 'NotPromoted', message: 'was taken back' } as const;
  const passedOver = [waiting('1.2.0', late), { tag: '1.1.0', verdict }, closed];
  expect(heldBackOf(passedOver)).toEqual([{ tag: '1.1.0', verdict }]);
});

it('no look is due where none waits', () => {
  expect(nextEligible([closed])).toBeUndefined();
});
