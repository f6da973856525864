import { expect, it } from 'vitest';
import { suggestion } from '../../../src/domain/resources/suggestion.ts';

const known = ['range', 'semver', 'interval', 'tag', 'secretRef'];

it.each([
  ['rnage', 'range'],
  ['Range', 'range'],
  ['secretref', 'secretRef'],
  ['intervall', 'interval'],
  ['tags', 'tag'],
])('%s probably means %s', (word, want) => {
  expect(suggestion(word, known)).toBe(want);
});

it.each(['colour', '', 'tttt', 'x'.repeat(100_000)])('%.10s… means none of them', (word) => {
  expect(suggestion(word, known)).toBeUndefined();
});

it('means nothing where nothing is known', () => {
  expect(suggestion('a', [])).toBeUndefined();
});
