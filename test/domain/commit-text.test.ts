import { describe, expect, it } from 'vitest';
import { readCommitText } from '../../src/domain/commit-text.ts';

const ANA = { name: 'Ana', email: 'ana@example.com' };
const BOT = { name: 'Lock Keeper', email: 'bot@example.com' };
const NOBODY = { name: '', email: '' };
const HEADERS = [
  'tree 1111111111111111111111111111111111111111',
  'parent 2222222222222222222222222222222222222222',
  'author Ana <ana@example.com> 1700000000 +0100',
  'committer Lock Keeper <bot@example.com> 1700000060 +0000',
];

describe('the text of a commit', () => {
  it.each([
    {
      name: 'headers and a message with empty lines',
      text: `${HEADERS.join('\n')}\n\nUpdate\n\nauthor Eve <eve@example.com> 1 +0000\n`,
      want: { message: 'Update\n\nauthor Eve <eve@example.com> 1 +0000\n' },
    },
    { name: 'no message', text: HEADERS.join('\n'), want: { message: '' } },
    {
      name: 'a merge',
      text: `${[...HEADERS, 'parent 3333333333333333333333333333333333333333'].join('\n')}\n\nm`,
      want: {
        parents: [
          '2222222222222222222222222222222222222222',
          '3333333333333333333333333333333333333333',
        ],
        message: 'm',
      },
    },
    {
      name: 'a signature that quotes a header',
      text: `${[...HEADERS, 'gpgsig -----BEGIN-----', ' author Eve <e@example.com> 1 +0000'].join('\n')}\n\nm`,
      want: { message: 'm' },
    },
  ])('is read with $name', ({ text, want }) => {
    expect(readCommitText(text)).toEqual({
      parents: ['2222222222222222222222222222222222222222'],
      author: ANA,
      committer: BOT,
      time: new Date(1_700_000_060_000),
      ...want,
    });
  });

  it.each([
    { line: 'committer Ana <ana@example.com> -60 +0000', who: ANA, seconds: -60 },
    { line: 'committer <ana@example.com> 60 +0000', who: { ...ANA, name: '' }, seconds: 60 },
    { line: 'committer Ana <> 60 +0000', who: { ...ANA, email: '' }, seconds: 60 },
    { line: 'committer Ana <ana@example.com>', who: ANA, seconds: 0 },
    { line: 'committer nonsense', who: NOBODY, seconds: 0 },
    { line: 'tree 1', who: NOBODY, seconds: 0 },
  ])('tells who committed by "$line"', ({ line, who, seconds }) => {
    expect(readCommitText(line)).toEqual({
      parents: [],
      author: NOBODY,
      committer: who,
      time: new Date(seconds * 1000),
      message: '',
    });
  });
});
