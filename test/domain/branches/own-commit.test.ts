import { describe, expect, it } from 'vitest';
import { foreignText, holdsWanted, isOwnCommit } from '../../../src/domain/branches/own-commit.ts';

const BOT = { name: 'Lockkeeper', email: 'bot@example.com' };
const ANA = { name: 'Ana', email: 'ana@example.com' };
const MESSAGE = 'Update web to 1.1.0\n\nLockkeeper-Group: apps/config all\n';
const ours = { id: 'a'.repeat(40), parents: ['p'], author: BOT, committer: BOT, message: MESSAGE };

const APP = { name: 'lock[bot]', email: '7+lock[bot]@users.noreply.github.com' };
const GITHUB = { name: 'GitHub', email: 'noreply@github.com' };
const signed = { ...ours, author: APP, committer: GITHUB };
/** A person, in the browser; a name says nothing. */
const BEN = { name: 'lock[bot]', email: '8+ben@users.noreply.github.com' };

describe('a commit on a branch of ours', () => {
  it.each([
    ['ours as it was made', ours, true],
    ['ours and signed off', { ...ours, message: `${MESSAGE}Signed-off-by: x <x@x>\n` }, true],
    ['without a trailer', { ...ours, message: 'Update web' }, false],
    ['of another automation', { ...ours, message: MESSAGE.replace('config', 'other') }, false],
    ['of another group', { ...ours, message: MESSAGE.replace('all', 'path x') }, false],
    ['of several groups, as a squash is', { ...ours, message: MESSAGE + MESSAGE }, false],
    ['amended by a person', { ...ours, committer: ANA }, false],
    ['moved by a forge', { ...ours, committer: { ...BOT, email: 'forge@x' } }, false],
    ['made by GitHub for an App', signed, true],
    [
      'made by a GitHub Enterprise Server',
      {
        ...signed,
        author: { ...APP, email: '7+lock[bot]@users.noreply.git.example.com' },
        committer: { name: 'GitHub Enterprise', email: 'noreply@git.example.com' },
      },
      true,
    ],
    ['made by GitHub for a person in the browser', { ...signed, author: BEN }, false],
    [
      'made by GitHub for a person with a name of their own',
      { ...signed, author: { ...BEN, name: 'ben' } },
      false,
    ],
    ['of a bot, under another name', { ...signed, author: { ...APP, name: 'Ana' } }, false],
    [
      'of a bot, by an address that anyone may have',
      { ...signed, author: { ...APP, email: '7+lock[bot]@example.com' } },
      false,
    ],
    ['of a bot, amended by a person', { ...signed, committer: ANA }, false],
    [
      'of a bot, amended by a person whose address GitHub keeps to itself',
      { ...signed, committer: { name: 'GitHub', email: '9+eve@users.noreply.github.com' } },
      false,
    ],
    ['made by GitHub, without a trailer', { ...signed, message: 'Update web' }, false],
    ['made by GitHub, a merge', { ...signed, parents: ['p', 'q'] }, false],
    ['a merge', { ...ours, parents: ['p', 'q'] }, false],
    ['a root', { ...ours, parents: [] }, false],
  ])('%s', (_, commit, want) => {
    expect(isOwnCommit(commit, { automation: 'apps/config', group: 'all' })).toBe(want);
  });

  it('may be of any group where the branch is for all', () => {
    const commit = { ...ours, message: MESSAGE.replace('all', 'path a b') };
    expect(isOwnCommit(commit, { automation: 'apps/config' })).toBe(true);
  });

  it.each([
    [{ ...ours, author: ANA, message: 'Fix' }, 'by Ana <ana@example.com> is'],
    [ours, 'by Lockkeeper <bot@example.com> for apps/config, all is'],
  ])('that is not ours is named with its author: %#', (commit, want) => {
    const text = foreignText('bot', commit);
    expect(text).toContain('the branch bot is left alone: commit aaaaaaaaaaaa ');
    expect(text).toContain(want);
  });
});

describe('what a branch holds', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const wanted = new Map([
    ['a', bytes('1')],
    ['b', bytes('22')],
  ]);
  it.each([
    ['the same', [...wanted], true],
    ['a file less', [['a', bytes('1')]], false],
    [
      'another file',
      [
        ['a', bytes('1')],
        ['c', bytes('22')],
      ],
      false,
    ],
    [
      'other bytes',
      [
        ['a', bytes('1')],
        ['b', bytes('23')],
      ],
      false,
    ],
    [
      'more bytes',
      [
        ['a', bytes('1')],
        ['b', bytes('223')],
      ],
      false,
    ],
    [
      'a file that is gone',
      [
        ['a', bytes('1')],
        ['b', undefined],
      ],
      false,
    ],
  ] as const)('%s', (_, held, want) => {
    expect(holdsWanted(new Map<string, Uint8Array | undefined>(held), wanted)).toBe(want);
  });
});
