import { describe, expect, it } from 'vitest';
import { MAX_STATUS_VERDICTS } from '../../../src/api/image-policy-status.ts';
import { createSelector } from '../../../src/domain/selection/create-selector.ts';
import { newestVerdicts } from '../../../src/domain/status/newest-verdicts.ts';

function verdicts(range: string, tags: readonly string[]): readonly string[] {
  const selector = createSelector({ policy: { semver: { range } } });
  return newestVerdicts(selector, tags).map(({ tag, verdict }) => `${tag} ${verdict}`);
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

  it('leave out what no tag can be', () => {
    expect(verdicts('6.x', ['6.0.0', 'x'.repeat(129)])).toEqual(['6.0.0 selected']);
  });
});
