import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathBytes, pathText, splitPaths } from '../../../src/adapters/git/path-text.ts';

describe('a path of a tree as text', () => {
  it.each([
    ['ASCII', 'apps/web.yaml', 'apps/web.yaml'],
    ['UTF-8', Buffer.from('日本/ü 🚢.yaml'), '日本/ü 🚢.yaml'],
    ['UTF-8 with the replacement character', Buffer.from('a\uFFFDb'), 'a\uFFFDb'],
    ['Latin-1', Buffer.from('caf\xe9.yaml', 'latin1'), 'caf\uDCE9.yaml'],
    ['a character that is cut off', Buffer.from([0x61, 0xf0, 0x9f]), 'a\uDCF0\uDC9F'],
    ['a surrogate as CESU-8 has it', Buffer.from([0xed, 0xb3, 0xa9]), '\uDCED\uDCB3\uDCA9'],
  ])('keeps %s', (_, bytes, text) => {
    expect(pathText(Buffer.from(bytes))).toBe(text);
    expect(pathBytes(text)).toEqual(Buffer.from(bytes));
  });

  it('gives back the very same bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(pathBytes(pathText(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('writes what stands for no byte as Unicode does', () => {
    expect(pathBytes('\uD800x\uDC7F')).toEqual(Buffer.from('\uFFFDx\uFFFD'));
  });

  it('is split from a listing that holds both kinds', () => {
    expect(splitPaths(Buffer.from('a ü\0b\0'))).toEqual(['a ü', 'b', '']);
    expect(splitPaths(Buffer.from('\xc3\xbc\0\xfc\0', 'latin1'))).toEqual(['ü', '\uDCFC', '']);
  });
});
