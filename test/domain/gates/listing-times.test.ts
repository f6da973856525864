import { expect, it } from 'vitest';
import { listedSince, listingTimes } from '../../../src/domain/gates/listing-times.ts';

const [first, second, third] = [1, 2, 3].map((hour) => new Date(hour * 3_600_000)) as [
  Date,
  Date,
  Date,
];

it('tags of the first scan count from it, later ones from the scan that listed them', () => {
  const one = listingTimes(undefined, ['1.0.0', '1.1.0'], first);
  const two = listingTimes(
    { tags: new Set(['1.0.0', '1.1.0']), listed: one },
    ['1.0.0', '1.2.0'],
    second,
  );
  const three = listingTimes(
    { tags: new Set(['1.0.0', '1.2.0']), listed: two },
    ['1.0.0', '1.1.0', '1.2.0'],
    third,
  );
  expect(['1.0.0', '1.1.0', '1.2.0'].map((tag) => listedSince(three, tag))).toEqual([
    first,
    third, // It was gone in between.
    second,
  ]);
});
