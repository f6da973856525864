import { describe, expect, it } from 'vitest';
import {
  holdText,
  isMovedAway,
  isSameTarget,
  refuses,
  type CompareTags,
  type OnRevert,
} from '../../../src/domain/plan/hold.ts';
import { digest } from '../../support/builders.ts';

const [A, B] = [digest('a'), digest('b')];

/** Orders versions such as `1.2.0`; nothing is known of others. */
const compare: CompareTags = (a, b) =>
  /^[0-9.]+$/.test(a) && /^[0-9.]+$/.test(b)
    ? a.localeCompare(b, 'en', { numeric: true })
    : undefined;

describe('a field', () => {
  it.each([
    { name: 'is gone', written: '1.2.0', now: undefined, want: true },
    { name: 'is as we wrote it', written: '1.2.0', now: '1.2.0', want: false },
    { name: 'is at an older tag', written: '1.2.0', now: '1.1.0', want: true },
    { name: 'is at a newer tag', written: '1.2.0', now: '1.10.0', want: false },
    { name: 'is at a tag of another kind', written: '1.2.0', now: 'main', want: true },
    { name: 'has lost its digest', written: `1.2.0@${A}`, now: '1.2.0', want: false },
    { name: 'is at another digest', written: `1.2.0@${A}`, now: `1.2.0@${B}`, want: true },
  ])('that $name was moved away: $want', ({ written, now, want }) => {
    expect(isMovedAway(written, now, compare)).toBe(want);
  });
});

describe('a hold', () => {
  it.each<{
    readonly mode: OnRevert;
    readonly rejected: string;
    readonly choice: string;
    readonly want: boolean;
  }>([
    { mode: 'Override', rejected: '1.2.0', choice: '1.2.0', want: false },
    { mode: 'Hold', rejected: '1.2.0', choice: '1.3.0', want: true },
    { mode: 'SkipTag', rejected: '1.2.0', choice: '1.2.0', want: true },
    { mode: 'SkipTag', rejected: '1.2.0', choice: '1.1.0', want: true },
    { mode: 'SkipTag', rejected: '1.2.0', choice: '1.3.0', want: false },
    { mode: 'SkipTag', rejected: '1.2.0', choice: 'main', want: false },
    { mode: 'SkipTag', rejected: `main@${A}`, choice: `main@${A}`, want: true },
    { mode: 'SkipTag', rejected: `main@${A}`, choice: `main@${B}`, want: false },
    { mode: 'SkipTag', rejected: 'main', choice: `main@${B}`, want: true },
  ])('by $mode of $rejected keeps $choice out: $want', ({ mode, rejected, choice, want }) => {
    expect(refuses({ rejected }, choice, { mode, compare })).toBe(want);
  });
});

describe('two targets', () => {
  it.each([
    ['1.2.0', '1.2.0', true],
    ['1.2.0', '1.3.0', false],
    ['1.2.0', `1.2.0@${A}`, true],
    [`1.2.0@${A}`, '1.2.0', true],
    [`1.2.0@${A}`, `1.2.0@${B}`, false],
    [A, B, false],
  ])('%s and %s are the same image: %s', (a, b, want) => {
    expect(isSameTarget(a, b)).toBe(want);
  });
});

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
      want: `held at 1: ana closed the pull request for 2@sha256:ab without merging it (${pullRequest}); until there is a tag newer than 2, or it is reopened or released`,
    },
    {
      name: 'a closed pull request under Hold',
      hold: { rejected: '2', pullRequest },
      mode: 'Hold',
      want: `held at 1: somebody closed the pull request for 2 without merging it (${pullRequest}); until it is reopened or released`,
    },
  ] as const)('names $name', ({ hold, mode, want }) => {
    expect(holdText(hold, '1', mode)).toBe(want);
  });

  it('says that a field holds no tag', () => {
    expect(holdText({ rejected: '2' }, undefined, 'Hold')).toMatch(/^held at no tag: /);
  });
});
