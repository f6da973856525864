import { isMap, isScalar, type Scalar } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../src/domain/manifest/parse-manifest.ts';
import {
  literalOffset,
  scalarContent,
  tailContent,
} from '../../../src/domain/manifest/scalar-content.ts';
import { ownPair } from '../../../src/domain/manifest/yaml-lookup.ts';
import type { TreeNode } from '../../../src/domain/manifest/yaml-tree.ts';

/** The value of `a` in a text. */
function valueOf(text: string) {
  const manifest = parseManifest('a.yaml', text);
  const map = manifest.documents[0]?.contents;
  const node = isMap(map) ? ownPair(map, 'a')?.value : undefined;
  return { manifest, node: node as TreeNode };
}

function literal(text: string) {
  const { manifest, node } = valueOf(text);
  if (!isScalar(node)) throw new TypeError('the text holds a scalar');
  return { manifest, node: node as Scalar<string> };
}

describe('what may be replaced of a value', () => {
  it.each([
    ['a: x', 'x'],
    ['a: "x"', '"x"'],
    ['a: |\n  x\n', 'x'],
    ['a: >-\n\n    x\n', undefined],
    ['a: |\r\n  x\r\n', 'x'],
    ['a: >2\n   x\n', ' x'],
    ['a: |\n  x\n  y\n', undefined],
    ['a: |\n', undefined],
    ['a: x\n  y', undefined],
    ['a:', undefined],
    ['a: [x]', undefined],
    ['a: ENC[AES256_GCM,data:3q2+7w==,iv:aGk=,tag:aGk=,type:str]', undefined],
    ["a: 'ENC[AES256_GCM,data:3q2+7w==,iv:aGk=,tag:aGk=,type:str]'", undefined],
    ['a: ENC[x', 'ENC[x'],
  ])('of %j is %j', (text, want) => {
    const { manifest, node } = valueOf(text);
    const content = scalarContent(manifest, node);
    const source =
      typeof content === 'string' ? undefined : text.slice(content.span.start, content.span.end);
    expect(source).toBe(want);
  });

  it.each([
    ['a: name:1.0', 5, '1.0'],
    ["a: 'name:1.0'", 5, '1.0'],
    ['a: "name:1.0"', 5, '1.0'],
    ['a: |\n  name:1.0\n', 5, '1.0'],
    ['a: "name\\x3a1.0"', 5, undefined],
    ["a: 'it''s'", 2, undefined],
    ['a: [x]', 0, undefined],
  ])('of the end of %j from %i on is %j', (text, from, want) => {
    const { manifest, node } = valueOf(text);
    const tail = tailContent(manifest, node, from);
    expect(tail?.value).toBe(want);
    expect(tail && text.slice(tail.span.start, tail.span.end)).toBe(want);
  });
});

describe('an offset into a literal', () => {
  const text = 'a: |\n    one\n\n    two\n';
  const { manifest, node } = literal(text);

  it.each([
    ['one', 0],
    ['ne', 1],
    ['two', 5],
    ['wo', 6],
  ])('of %j is one into the file, and back', (at, offset) => {
    const place = literalOffset(manifest, node, 'file')(offset);
    expect(text.slice(place)).toMatch(new RegExp(`^${at}\n`));
    expect(literalOffset(manifest, node, 'value')(place)).toBe(offset);
  });

  it('stays as it is before the first line', () => {
    expect(literalOffset(manifest, node, 'value')(4)).toBe(4);
  });
});
