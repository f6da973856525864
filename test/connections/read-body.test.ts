import { expect, it } from 'vitest';
import { readBody } from '../../src/connections/read-body.ts';

const LIMIT = 8;

/** A body in pieces, and whether it was left early. */
function bodyOf(...pieces: readonly string[]) {
  const seen = { isLeft: false };
  async function* read() {
    try {
      for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece));
    } finally {
      seen.isLeft = true;
    }
  }
  return { body: read(), seen };
}

it.each([
  { name: 'none', pieces: [], want: '' },
  { name: 'of several pieces', pieces: ['ab', 'cd'], want: 'abcd' },
  { name: 'as large as is allowed', pieces: ['abcd', 'efgh'], want: 'abcdefgh' },
])('a body $name is read whole', async ({ pieces, want }) => {
  expect((await readBody(bodyOf(...pieces).body, LIMIT))?.toString()).toBe(want);
});

it('a body that is too large is left at once', async () => {
  const { body, seen } = bodyOf('abcd', 'efghi', 'never read');
  expect(await readBody(body, LIMIT)).toBeUndefined();
  expect(seen.isLeft).toBe(true);
  expect((await body.next()).done).toBe(true);
});
