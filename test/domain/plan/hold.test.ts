import { describe, expect, it } from 'vitest';
import { holdText } from '../../../src/domain/plan/hold.ts';

describe('the line that tells of a hold', () => {
  const pullRequest = 'https://git.example.com/pulls/3';
  it.each([
    {
      name: 'a commit',
      hold: { rejected: '2', by: 'Ana <ana@x>', commit: 'f'.repeat(40) },
      mode: 'SkipTag',
      want: 'held at 1: Ana <ana@x> moved it away from 2 in ffffffffffff; until there is a tag newer than 2',
    },
    {
      name: 'nobody that is known',
      hold: { rejected: '2' },
      mode: 'Hold',
      want: 'held at 1: somebody moved it away from 2; until it is released',
    },
    {
      name: 'a closed pull request',
      hold: { rejected: '2@sha256:ab', by: 'ana', pullRequest },
      mode: 'SkipTag',
      want: `held at 1: ana closed the pull request for 2@sha256:ab without merging it (${pullRequest}); until there is a tag newer than 2, or it is reopened`,
    },
    {
      name: 'a closed pull request under Hold',
      hold: { rejected: '2', pullRequest },
      mode: 'Hold',
      want: `held at 1: somebody closed the pull request for 2 without merging it (${pullRequest}); until it is reopened`,
    },
  ] as const)('names $name', ({ hold, mode, want }) => {
    expect(holdText(hold, '1', mode)).toBe(want);
  });

  it('says that a field holds no tag', () => {
    expect(holdText({ rejected: '2' }, undefined, 'Hold')).toMatch(/^held at no tag: /);
  });
});
