import { isMap, Scalar } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../src/domain/manifest/parse-manifest.ts';
import {
  itemEntries,
  lookUp,
  lookUpPath,
  ownEntry,
  textAt,
} from '../../../src/domain/manifest/yaml-lookup.ts';
import { keyPathOf, spanOf } from '../../../src/domain/manifest/yaml-tree.ts';

function root(text: string) {
  const tree = parseManifest('a.yaml', text);
  const map = tree.documents[0]?.contents;
  if (!isMap(map)) throw new TypeError('the text holds a map');
  return { tree, map };
}

describe('a look at a key', () => {
  it.each([
    { name: 'that is there', text: 'a: x', want: 'x' },
    { name: 'through an alias', text: 'b: &b x\na: *b', want: 'x' },
    { name: 'through a merge', text: 'b: &b { a: x }\n<<: *b', want: 'x' },
    { name: 'through a list of merges', text: '<<: [{ c: y }, { a: x }]', want: 'x' },
    { name: 'that a merge has, too', text: '<<: { a: y }\na: x', want: 'x' },
    { name: 'that is not there', text: 'b: x', want: undefined },
    { name: 'that holds nothing', text: 'a:', want: undefined },
    { name: 'that holds an empty text', text: 'a: ""', want: undefined },
    { name: 'that holds null', text: 'a: ~', want: undefined },
    { name: 'that holds a word for null in quotes', text: 'a: "null"', want: 'null' },
    { name: 'that holds a list', text: 'a: []', want: undefined },
  ])('$name finds $want', ({ text, want }) => {
    const { tree, map } = root(text);
    expect(textAt(tree, map, 'a')).toBe(want);
  });

  it('takes the first of several merges, and what those merge, in their order', () => {
    const { tree, map } = root('<<: [{ <<: { a: x } }, { a: y }]');
    expect(textAt(tree, map, 'a')).toBe('x');
  });

  it('is soon over, whatever is merged into what', () => {
    const bomb = Array.from({ length: 20 }, (_, level) => {
      const below = Array<string>(9).fill(`*l${level}`);
      return `l${level + 1}: &l${level + 1} { <<: [${below.join(', ')}] }`;
    });
    const { tree, map } = root(['l0: &l0 { a: x }', ...bomb, '<<: *l20'].join('\n'));
    expect(textAt(tree, map, 'a')).toBe('x');
    expect(textAt(tree, map, 'b')).toBeUndefined();
  });

  it('goes down any number of merges', () => {
    const chain = Array.from(
      { length: 20_000 },
      (_, at) => `l${at + 1}: &l${at + 1} { <<: *l${at} }`,
    );
    const { tree, map } = root(['l0: &l0 { a: x }', ...chain, '<<: *l20000'].join('\n'));
    expect(textAt(tree, map, 'a')).toBe('x');
  });

  it('ends where a map is merged into itself', () => {
    const { tree, map } = root('b: &b { <<: *b, c: x }');
    expect(lookUp(tree, lookUp(tree, map, 'b'), 'a')).toBeUndefined();
    expect(lookUpPath(tree, map, ['b', 'c'])).toMatchObject({ value: 'x' });
  });

  it('finds nothing in what is no map', () => {
    const { tree, map } = root('a: x');
    expect(lookUpPath(tree, map, ['a', 'b', 'c'])).toBeUndefined();
  });
});

describe('the entries of a map and of a list', () => {
  it('are those that stand there themselves', () => {
    const { tree, map } = root('a: x\nb: [1, 2]\nc:');
    expect(ownEntry(tree, map, 'a')?.node).toMatchObject({ value: 'x' });
    expect(ownEntry(tree, map, 'z')).toBeUndefined();
    expect(itemEntries(tree, lookUp(tree, map, 'b')).map(({ step }) => step)).toEqual([0, 1]);
    expect(itemEntries(tree, lookUp(tree, map, 'a'))).toEqual([]);
  });

  it('know the way to them, as far as its keys have names', () => {
    const { tree } = root('a:\n  - b: x\n? [k]\n: c: y');
    const paths = tree.entries
      .filter(({ node, role }) => role === 'value' && ['x', 'y'].includes(String(node)))
      .map(keyPathOf);
    expect(paths).toEqual([
      ['a', 0, 'b'],
      ['?', 'c'],
    ]);
  });

  it('have a place only where they were parsed', () => {
    expect(() => spanOf(new Scalar('x'))).toThrow('a parsed node has a range');
  });
});
