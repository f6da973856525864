import { describe, expect, it } from 'vitest';
import { groupTrailer } from '../../../src/domain/commit-record.ts';
import {
  groupOf,
  isPending,
  isProposed,
  pendingBody,
  refusedOf,
  supersededBody,
  stillEnded,
} from '../../../src/domain/pull-requests/pull-request-record.ts';
import { digest } from '../../support/builders.ts';

const step = (policy: string, to: string) => `Image-Update: ${policy} registry/x:1 -> ${to}`;

function request(number: number, state: 'merged' | 'closed', ...steps: readonly string[]) {
  const url = `https://git.example.com/pulls/${number}`;
  return { number, url, state, body: ['Text', '', ...steps].join('\n') };
}

const refusals = (...ended: readonly Parameters<typeof refusedOf>[1][number][]) =>
  refusedOf('apps/a', ended).map(({ rejected }) => rejected);

describe('the group of a text', () => {
  it('is read from its trailer, whatever stands around it', () => {
    const group = { automation: 'apps/update', group: 'path deploy/my apps' };
    expect(groupOf(`Title\r\n\r\n${groupTrailer(group)}\r\nmore`)).toEqual(group);
  });

  it('is none without one', () => {
    expect(groupOf('Update a\n\nsaid Lockkeeper-Group: apps/update all')).toBeUndefined();
  });
});

describe('a pull request that is not complete', () => {
  it('says so in a trailer, once, beside the others', () => {
    const group = { automation: 'apps/update', group: 'all' };
    const body = `Text\n\n${groupTrailer(group)}\n`;
    const pending = pendingBody(body);
    expect([isPending(body), isPending(pending)]).toEqual([false, true]);
    expect(pendingBody(pending)).toBe(pending);
    expect(isPending(pending.replaceAll('\n', '\r\n'))).toBe(true);
    expect(groupOf(pending)).toEqual(group);
  });
});

describe('what persons refused', () => {
  it('is what they closed, with the place where they did', () => {
    const closedAt = new Date('2026-06-01T12:00:00.5Z');
    const closed = { ...request(3, 'closed', step('apps/a', '2')), closedBy: 'ana', closedAt };
    expect(refusedOf('apps/a', [closed])).toEqual([
      {
        rejected: '2',
        pullRequest: 'https://git.example.com/pulls/3',
        by: 'ana',
        time: '2026-06-01T12:00:00Z',
      },
    ]);
    expect(refusedOf('apps/a', [request(4, 'closed', step('apps/a', '3'))])).toEqual([
      { rejected: '3', pullRequest: 'https://git.example.com/pulls/4' },
    ]);
  });

  it('is nothing of other policies', () => {
    expect(refusals(request(3, 'closed', step('apps/b', '2')))).toEqual([]);
  });

  it('is forgotten once a later one was merged that moved the policy', () => {
    const closed = request(1, 'closed', step('apps/a', '2'));
    expect(refusals(request(2, 'merged', step('apps/a', '3')), closed)).toEqual([]);
    expect(refusals(request(2, 'merged', step('apps/b', '3')), closed)).toEqual(['2']);
  });

  it('is all of it, the newest first', () => {
    const [one, two] = [step('apps/a', '2'), step('apps/a', '3')];
    expect(refusals(request(2, 'closed', two), request(1, 'closed', one))).toEqual(['3', '2']);
  });

  it('is not what this program closed itself', () => {
    const { body, ...rest } = request(1, 'closed', step('apps/a', '2'));
    const closed = supersededBody(body);
    expect(supersededBody(closed)).toBe(closed);
    expect(refusals({ ...rest, body: closed })).toEqual([]);
  });
});

describe('pull requests that were ended when they were asked for', () => {
  it.each([
    { name: 'are all ended where none is open', open: [], want: [3, 2, 1] },
    { name: 'are without what is open again', open: [2, 9], want: [3, 1] },
  ])('$name', ({ open, want }) => {
    const numbered = (numbers: readonly number[]) => numbers.map((number) => ({ number }));
    expect(stillEnded(numbered([3, 2, 1]), numbered(open))).toEqual(numbered(want));
  });
});

describe('a choice that is proposed', () => {
  const open = [request(1, 'closed', step('apps/a', `2@${digest('a')}`))];

  it.each([
    { name: 'with its digest', policy: 'apps/a', to: `2@${digest('a')}`, want: true },
    { name: 'by its tag', policy: 'apps/a', to: '2', want: true },
    {
      name: 'under another digest, which is another image',
      policy: 'apps/a',
      to: `2@${digest('b')}`,
      want: false,
    },
    { name: 'of another policy', policy: 'apps/b', to: '2', want: false },
  ])('is known $name: $want', ({ policy, to, want }) => {
    expect(isProposed({ policy, to }, open)).toBe(want);
  });
});
