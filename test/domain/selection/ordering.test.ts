import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alphabeticalKey, numericalKey } from '../../../src/domain/selection/ordering.ts';

describe('numericalKey', () => {
  it('orders integers of any length exactly', () => {
    const natural = fc.bigInt({ min: 0n, max: 10n ** 60n });
    fc.assert(
      fc.property(natural, natural, fc.nat(3), (a, b, zeros) => {
        const left = numericalKey('0'.repeat(zeros) + String(a)) ?? '';
        const right = numericalKey(String(b)) ?? '';
        expect([left < right, left === right]).toEqual([a < b, a === b]);
      }),
    );
  });

  it('orders decimals exactly', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 20n - 1n });
    const decimal = fc.tuple(digits, digits);
    fc.assert(
      fc.property(decimal, decimal, ([a, b], [c, d]) => {
        const text = (whole: bigint, part: bigint) => `${whole}.${String(part).padStart(20, '0')}`;
        const left = numericalKey(text(a, b)) ?? '';
        const right = numericalKey(text(c, d)) ?? '';
        const [x, y] = [a * 10n ** 20n + b, c * 10n ** 20n + d];
        expect([left < right, left === right]).toEqual([x < y, x === y]);
      }),
    );
  });

  it.each([
    ['1.5', '1.50'],
    ['007', '7'],
    ['0', '00.0'],
    ['10', '10.000'],
  ])('takes %s and %s for equal', (a, b) => {
    expect(numericalKey(a)).toBe(numericalKey(b));
  });

  it.each([
    ['9', '10'],
    ['1.15', '1.2'],
    ['0.9', '1'],
    ['1', '1.0001'],
    ['9007199254740992', '9007199254740993'],
  ])('puts %s before %s', (smaller, larger) => {
    expect((numericalKey(smaller) ?? '') < (numericalKey(larger) ?? '')).toBe(true);
  });

  it.each(['', '-5', '+5', '1e5', '12e4567', '0x1f', '1_000', '.5', '5.', '1.2.3', ' 1', '٣'])(
    'takes "%s" for no number',
    (text) => {
      expect(numericalKey(text)).toBeUndefined();
    },
  );
});

describe('alphabeticalKey', () => {
  it('orders by code point, capitals before small letters', () => {
    const sorted = ['a', 'B', '10', '9', '_'].toSorted((a, b) =>
      (alphabeticalKey(a) ?? '') < (alphabeticalKey(b) ?? '') ? -1 : 1,
    );
    expect(sorted).toEqual(['10', '9', 'B', '_', 'a']);
  });

  it('has no place for an empty text', () => {
    expect(alphabeticalKey('')).toBeUndefined();
  });
});
