import { describe, expect, it } from 'vitest';
import { applyFieldEdits } from '../../../src/domain/manifest/edit-fields.ts';
import { proveEdit, spliceText } from '../../../src/domain/manifest/edit-proof.ts';
import type { ImageField } from '../../../src/domain/manifest/image-field.ts';
import { locateFields } from '../../../src/domain/manifest/locate-fields.ts';
import { parseManifest } from '../../../src/domain/manifest/parse-manifest.ts';

const TEXT = 'x: nginx:1.0 # {"$imagepolicy": "ns:app"}\ny: z\n';

function theField(text: string, strategy: 'Setters' | 'Images' = 'Setters'): ImageField {
  const [field] = locateFields('f.yaml', text, strategy).fields;
  if (!field) throw new Error('no field');
  return field;
}

function edit(text: string, field: ImageField, value: string): string {
  return applyFieldEdits('f.yaml', text, [{ field, value }]);
}

describe('an edit', () => {
  it('to the value that is there gives the same text, even where the file is broken elsewhere', () => {
    expect(edit(`${TEXT}a: [`, theField(TEXT), 'nginx:1.0')).toBe(`${TEXT}a: [`);
  });

  it('of many fields at once changes each', () => {
    const text = TEXT.replace('y: z', 'y: "nginx:1.0" # {"$imagepolicy": "ns:app"}');
    const { fields } = locateFields('f.yaml', text, 'Setters');
    const result = applyFieldEdits(
      'f.yaml',
      text,
      fields.map((field, index) => ({ field, value: `a:${index}` })),
    );
    expect(result).toBe(
      'x: a:0 # {"$imagepolicy": "ns:app"}\ny: "a:1" # {"$imagepolicy": "ns:app"}\n',
    );
  });

  it.each([
    { title: 'moved', text: `# new line\n${TEXT}` },
    { title: 'changed', text: TEXT.replace('1.0', '1.1') },
    { title: 'grew', text: TEXT.replace('nginx:1.0', 'nginx:1.0.1') },
    { title: 'is gone', text: '\n' },
    { title: 'is a key now', text: 'nginx:1.0: 2\n' },
  ])('of a field that $title since it was located is refused', ({ text }) => {
    expect(() => edit(text, theField(TEXT), 'nginx:2.0')).toThrow(
      expect.objectContaining({
        code: 'manifest/unprovable',
        at: { path: 'f.yaml', line: 1, column: 4 },
      }),
    );
  });

  it.each(['', ' a', 'a\nb'])('of a block scalar to %j is refused', (value) => {
    const text = 'x: | # {"$imagepolicy": "ns:app"}\n  nginx:1.0\n';
    expect(() => edit(text, theField(text), value)).toThrow(
      expect.objectContaining({ code: 'manifest/unprovable' }),
    );
  });

  it('twice in one field is refused', () => {
    const field = theField(TEXT);
    const twice = () =>
      applyFieldEdits('f.yaml', TEXT, [
        { field, value: 'a:1' },
        { field, value: 'a:2' },
      ]);
    expect(twice).toThrow(expect.objectContaining({ code: 'manifest/unprovable' }));
  });

  it('in embedded text that needs quotes there gets them there', () => {
    const app = (tag: string) =>
      `apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n      values: |2+\n          image: {repository: a/b, tag: ${tag}}\n\n\n`;
    const text = app('1.0.0');
    expect(edit(text, theField(text, 'Images'), '1.20')).toBe(app('"1.20"'));
  });

  it('of an option in single quotes keeps what stands before "="', () => {
    const app = (image: string) =>
      `apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {kustomize: {images: ['web=${image}']}}}\n`;
    expect(edit(app('a/b:1'), theField(app('a/b:1'), 'Images'), 'a/b:2')).toBe(app('a/b:2'));
  });
});

describe('the proof', () => {
  const before = 'a: &x !!str b # one\nc: [d, "e"]\nf: *x\n';

  it.each([
    { title: 'a value', after: before.replace('b #', 'B #') },
    { title: 'a key', after: before.replace('c:', 'C:') },
    { title: 'a comment', after: before.replace('one', 'two') },
    { title: 'an anchor', after: before.replace('&x', '&y').replace('*x', '*y') },
    { title: 'an alias', after: before.replace('*x', 'x') },
    { title: 'a tag', after: before.replace('!!str ', '') },
    { title: 'a quote style', after: before.replace('"e"', "'e'") },
    { title: 'flow style', after: before.replace('[d, "e"]', '\n- d\n- "e"') },
    { title: 'the number of nodes', after: before.replace('d, ', 'd, d, ') },
    { title: 'the nesting', after: before.replace('[d, "e"]', '[[d], "e"]') },
    { title: 'the number of documents', after: before.replace('f:', '---\nf:').replace('*x', 'x') },
    { title: 'nothing but well-formedness', after: `${before}g: [` },
  ])('refuses a text that differs in $title', ({ after }) => {
    const at = { path: 'f.yaml', line: 1 };
    expect(() => proveEdit(parseManifest('f.yaml', before), after, { at })).toThrow(
      expect.objectContaining({
        code: 'manifest/unprovable',
        at: expect.objectContaining({ path: 'f.yaml' }),
      }),
    );
  });

  it('accepts white space elsewhere', () => {
    const at = { path: 'f.yaml', line: 1 };
    const after = proveEdit(parseManifest('f.yaml', before), before.replace('f: ', 'f:   '), {
      at,
    });
    expect(after.entries).toHaveLength(9);
  });
});

describe('splices', () => {
  it('are applied by place, and must not overlap', () => {
    const splices = [
      { start: 2, end: 3, text: 'C' },
      { start: 0, end: 1, text: 'A' },
      { start: 2, end: 2, text: '+' },
    ];
    expect(spliceText('abc', splices)).toBe('Ab+C');
    expect(() => spliceText('abc', [...splices, { start: 0, end: 2, text: '' }])).toThrow(
      RangeError,
    );
  });
});
