import { describe, expect, it } from 'vitest';
import { hash32, longHash, shortHash } from '../../src/domain/text-hash.ts';

/** Vectors of the FNV reference. */
describe('the hash of a text', () => {
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('of “%s” is FNV-1a', (text, want) => {
    expect(hash32(text)).toBe(want);
  });

  it('has forty digits where eight are too few', () => {
    const [one, other] = [longHash('a'), longHash('b')];
    expect(one).toMatch(/^[0-9a-f]{40}$/);
    const parts = (text: string) => text.match(/.{8}/g) ?? [];
    expect(new Set([...parts(one), ...parts(other)]).size).toBe(10);
  });

  it('has eight digits', () => {
    expect(shortHash('foobar')).toBe('bf9cf968');
    const short = Array.from({ length: 300 }, (_, n) => String(n)).find(
      (text) => hash32(text) < 2 ** 28,
    );
    expect(shortHash(short ?? '')).toMatch(/^0[0-9a-f]{7}$/);
  });
});
