import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameJson } from '../../../src/domain/status/same-json.ts';

describe('the comparison of statuses', () => {
  it.each([
    { name: 'the order of keys', a: { x: 1, y: 2 }, b: { y: 2, x: 1 }, want: true },
    { name: 'a member that is undefined', a: { x: 1, y: undefined }, b: { x: 1 }, want: true },
    { name: 'nested members', a: { x: [{ y: 1 }] }, b: { x: [{ y: 1 }] }, want: true },
    { name: 'the order of entries', a: [1, 2], b: [2, 1], want: false },
    { name: 'a list and a map', a: [], b: {}, want: false },
    { name: 'null and a map', a: null, b: {}, want: false },
    { name: 'one member more', a: { x: 1 }, b: { x: 1, y: 2 }, want: false },
    { name: 'another name', a: { x: undefined, y: 1 }, b: { x: 1 }, want: false },
    { name: 'text and number', a: { x: '1' }, b: { x: 1 }, want: false },
  ])('sees $name as it is: same is $want', ({ a, b, want }) => {
    expect(sameJson(a, b)).toBe(want);
    expect(sameJson(b, a)).toBe(want);
  });

  it('finds a value the same after it was sent as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(sameJson(value, JSON.parse(JSON.stringify(value)))).toBe(true);
      }),
    );
  });
});
