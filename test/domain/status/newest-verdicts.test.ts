import { describe, expect, it } from 'vitest';
import { MAX_STATUS_VERDICTS } from '../../../src/api/image-policy-status.ts';
import { newestVerdicts } from '../../../src/domain/status/newest-verdicts.ts';
import { digest, policy, view, type ViewOptions } from '../../support/builders.ts';

function verdicts(
  range: string,
  tags: readonly string[],
  options: ViewOptions = {},
): readonly string[] {
  const of = view(policy({ policy: { semver: { range } } }), { tags, ...options });
  return newestVerdicts(of, tags).map(({ tag, verdict }) => `${tag} ${verdict}`);
}

describe('the verdicts that status shows', () => {
  it('are in the policy’s order, newest first, with what was passed over', () => {
    expect(verdicts('6.x', ['latest', '5.0.0', '6.0.0', '7.0.0', '6.10.0', '6.9.0'])).toEqual([
      '7.0.0 rejected',
      '6.10.0 selected',
      '6.9.0 eligible',
      '6.0.0 eligible',
      '5.0.0 rejected',
      'latest rejected',
    ]);
  });

  it('are few, and the choice is among them', () => {
    const newer = Array.from({ length: 50 }, (_, minor) => `7.${minor}.0`);
    const shown = verdicts('6.x', ['6.0.0', ...newer]);
    expect(shown).toHaveLength(MAX_STATUS_VERDICTS);
    expect(shown.at(0)).toBe('7.49.0 rejected');
    expect(shown.at(-1)).toBe('6.0.0 selected');
  });

  it('tell of candidates that a gate passed over', () => {
    const message = 'waits';
    const at = new Date('2026-06-01T12:00:00Z');
    const waiting = {
      kind: 'waiting',
      reason: 'MinimumAge',
      message,
      firstSeen: at,
      eligibleAt: at,
    } as const;
    const passedOver = [
      { tag: '6.3.0', verdict: waiting },
      { tag: '6.2.0', verdict: { kind: 'closed', message: 'lacks linux/arm64' } as const },
    ];
    const tags = ['6.0.0', '6.1.0', '6.2.0', '6.3.0'];
    expect(
      verdicts('6.x', tags, { passedOver, choice: { kind: 'selected', tag: '6.1.0' } }),
    ).toEqual(['6.3.0 waiting', '6.2.0 rejected', '6.1.0 selected', '6.0.0 eligible']);
  });

  it('call a tag chosen whose new push waits', () => {
    const at = new Date('2026-06-01T12:00:00Z');
    const meanwhile = { tag: '6.1.0', digest: digest('1') };
    const verdict = {
      ...({
        kind: 'waiting',
        reason: 'MinimumAge',
        message: 'waits',
        firstSeen: at,
        eligibleAt: at,
        meanwhile,
      } as const),
    };
    const passedOver = [{ tag: '6.1.0', verdict }];
    const choice = { kind: 'selected', ...meanwhile } as const;
    expect(verdicts('6.x', ['6.0.0', '6.1.0'], { passedOver, choice })).toEqual([
      '6.1.0 selected',
      '6.0.0 eligible',
    ]);
  });

  it('leave out what no tag can be', () => {
    expect(verdicts('6.x', ['6.0.0', 'x'.repeat(129)])).toEqual(['6.0.0 selected']);
  });
});
