import { expect, it } from 'vitest';
import { groupBy } from '../../src/domain/group-by.ts';

it('puts items under their keys, in the order in which both come', () => {
  const groups = groupBy(['web', 'api', 'worker', 'auth'], (name) => name.charAt(0));
  expect([...groups]).toEqual([
    ['w', ['web', 'worker']],
    ['a', ['api', 'auth']],
  ]);
});

it('makes no group of nothing', () => {
  expect(groupBy([], String).size).toBe(0);
});
