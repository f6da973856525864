import { isMap, type YAMLMap } from 'yaml';
import { describe, expect, it } from 'vitest';
import { spliceText } from '../../../src/domain/manifest/edit-proof.ts';
import { parseManifest } from '../../../src/domain/manifest/parse-manifest.ts';
import { lookUp } from '../../../src/domain/manifest/yaml-lookup.ts';
import { keysOf, removePairs, setPairs } from '../../../src/domain/manifest/yaml-pairs.ts';

/** The map `m` of a text. */
function mapOf(text: string) {
  const manifest = parseManifest('a.yaml', text);
  const map = lookUp(manifest, manifest.documents[0]?.contents, 'm') as YAMLMap;
  expect(isMap(map)).toBe(true);
  return { manifest, map };
}

function set(text: string, values: Readonly<Record<string, string | true>>): string {
  const { manifest, map } = mapOf(text);
  const opening = text.indexOf('m:') + 1;
  return spliceText(text, setPairs(manifest, map, new Map(Object.entries(values)), opening));
}

function remove(text: string, ...keys: readonly string[]): string {
  const { manifest, map } = mapOf(text);
  return spliceText(text, removePairs(manifest, map, new Set(keys)));
}

describe('keys of a map that are set', () => {
  it.each([
    { name: 'replace what is there', text: 'm:\n  a: x # c\n', want: 'm:\n  a: "1" # c\n' },
    { name: 'come first in a block', text: 'm:\n  z: y\n', want: 'm:\n  a: "1"\n  z: y\n' },
    { name: 'stand between braces', text: 'm: { z: y }\n', want: 'm: { z: y, "a": "1" }\n' },
    { name: 'fill empty braces', text: 'm: {}\n', want: 'm: {"a": "1"}\n' },
    {
      name: 'leave a block of text alone',
      text: 'm:\n  a: |\n    x\n',
      want: 'm:\n  a: |\n    x\n',
    },
  ])('$name', ({ text, want }) => {
    expect(set(text, { a: '1' })).toBe(want);
  });

  it('go behind those of them that are there, with what those hold', () => {
    expect(set('m:\n  a: x\n  ? [k]\n  : y\n', { a: '1', b: true })).toBe(
      'm:\n  a: "1"\n  b: true\n  ? [k]\n  : y\n',
    );
    expect(set('m:\n  z: y\n  a: |\n    x\n', { a: '1', b: '2' })).toBe(
      'm:\n  b: "2"\n  z: y\n  a: |\n    x\n',
    );
  });
});

describe('keys of a map that are removed', () => {
  it.each([
    { name: 'go with their lines', text: 'm:\n  a: x # c\n  z: y\n', want: 'm:\n  z: y\n' },
    {
      name: 'go with lists below them',
      text: 'm:\n  a:\n  - x\n  - y\n  z: y\n',
      want: 'm:\n  z: y\n',
    },
    {
      name: 'go with maps below lists below them',
      text: 'm:\n  a:\n  -\n    - k: v\n\n  z: y\n',
      want: 'm:\n\n  z: y\n',
    },
    { name: 'go without a value, too', text: 'm:\n  a:\n  z: y\n', want: 'm:\n  z: y\n' },
    { name: 'go with the comma behind', text: 'm: { a: x, z: y }\n', want: 'm: { z: y }\n' },
    { name: 'go with the comma before', text: 'm: { z: y, a: x }\n', want: 'm: { z: y }\n' },
    { name: 'may be all there are', text: 'm: { a: x }\n', want: 'm: {  }\n' },
    { name: 'may be none', text: 'm: { z: y }\n', want: 'm: { z: y }\n' },
  ])('$name', ({ text, want }) => {
    expect(remove(text, 'a')).toBe(want);
  });

  it('may end the file', () => {
    expect(remove('m:\r\n  z: y\r\n  a: x', 'a')).toBe('m:\r\n  z: y');
  });
});

it('the keys of a map are told by their texts, where they have one', () => {
  expect(keysOf(mapOf('m: { a: x, 1: y, ? [k] : z }\n').map)).toEqual(['a', '1', '?']);
});
