import { describe, expect, it } from 'vitest';
import { fileDifferences, SUBMODULE } from '../../../src/adapters/git/tree.ts';

const leaf = (id: string, mode = '100644') => ({ mode, id });
const file = (id: string) => ({ id, kind: 'file' });

describe('what became of files', () => {
  it.each([
    { name: 'came', before: undefined, after: leaf('x'), want: file('x') },
    { name: 'changed', before: leaf('x'), after: leaf('y'), want: file('y') },
    { name: 'went', before: leaf('x'), after: undefined, want: undefined },
    { name: 'changed its mode', before: leaf('x'), after: leaf('x', '100755'), want: file('x') },
    {
      name: 'became a link',
      before: leaf('x'),
      after: leaf('x', '120000'),
      want: { id: 'x', kind: 'symlink' },
    },
    { name: 'became a submodule', before: leaf('x'), after: leaf('c', SUBMODULE), want: undefined },
    { name: 'was one', before: leaf('c', SUBMODULE), after: leaf('x'), want: file('x') },
  ])('is told of one that $name', ({ before, after, want }) => {
    const entry = want === undefined ? undefined : { path: 'a', ...want };
    expect(fileDifferences([{ path: 'a', before, after }])).toEqual([{ path: 'a', entry }]);
  });
});
