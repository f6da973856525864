import { expect, it } from 'vitest';
import { idBatches } from '../../../src/adapters/git/id-batches.ts';

it.each([
  [0, []],
  [1, [1]],
  [10_000, [10_000]],
  [10_001, [10_000, 1]],
])('asks for %i objects in requests of a bounded size', (count, sizes) => {
  const ids = Array.from({ length: count }, (_, index) => String(index));
  expect(idBatches(ids).map(({ length }) => length)).toEqual(sizes);
  expect(idBatches(ids).flat()).toEqual(ids);
});
