import { describe, expect, it } from 'vitest';
import { changedEntries } from '../../../src/adapters/git/tree.ts';

const leaf = (id: string, mode = '100644') => ({ mode, id });
const ENTRIES = ['a', 'b', 'c'].map((path) => ({ path, ...leaf(path) }));

describe('the leaves of a tree after a change', () => {
  it('are as they were, but for those that differ', () => {
    const differences = [
      { path: 'a', before: leaf('a'), after: leaf('new') },
      { path: 'b', before: leaf('b'), after: undefined },
      { path: 'c', before: leaf('c'), after: leaf('c', '100755') },
    ];
    expect(changedEntries(ENTRIES, differences)).toEqual([
      { path: 'a', ...leaf('new') },
      { path: 'c', ...leaf('c', '100755') },
    ]);
    expect(changedEntries(ENTRIES, [])).toEqual(ENTRIES);
  });

  it('are not known when one came in', () => {
    const differences = [{ path: 'ab', before: undefined, after: leaf('ab') }];
    expect(changedEntries(ENTRIES, differences)).toBeUndefined();
  });
});
