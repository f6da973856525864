import fc from 'fast-check';
import { isScalar, parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { applyFieldEdits } from '../../../src/domain/manifest/edit-fields.ts';
import { locateFields } from '../../../src/domain/manifest/locate-fields.ts';
import { randomManifest, type RandomManifest } from '../../support/manifest/random-manifest.ts';

/** New values, most of them such that a careless editor would change their type. */
const newValue = fc.oneof(
  fc.constantFrom(
    '1.20',
    '0123',
    '12e4567',
    '1_000',
    '0x1f',
    '1:20',
    '2024-01-01',
    'yes',
    'n',
    'null',
    '.inf',
  ),
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,12}$/),
  fc.stringMatching(/^[a-z0-9]{1,5}(\/[a-z0-9]{1,5})?:[A-Za-z0-9_.-]{1,8}$/),
);

/** Loads a file as a sync agent would. The byte order mark goes first: the library stumbles over it. */
function parse(text: string, version: '1.1' | '1.2') {
  const options = { version, uniqueKeys: false, logLevel: 'silent' } as const;
  return [...parseAllDocuments(text.replace(/^\uFEFF/, ''), options)];
}

function load(text: string, version: '1.1' | '1.2'): unknown[] {
  return parse(text, version).map((document) => document.toJS() as unknown);
}

/** What a loader should give after the edit: what it gave before, with the planted fields replaced. */
function withValues(
  { text, fields }: RandomManifest,
  value: string,
  version: '1.1' | '1.2',
): unknown[] {
  const documents = parse(text, version);
  for (const { document, path } of fields) {
    const node = documents[document]?.getIn(path, true);
    if (!isScalar(node)) throw new Error(`no scalar at ${path.join('.')}`);
    node.value = value;
  }
  return documents.map((document) => document.toJS() as unknown);
}

function edited(text: string, value: string): string {
  const { fields } = locateFields('f.yaml', text, 'Setters');
  return applyFieldEdits(
    'f.yaml',
    text,
    fields.map((field) => ({ field, value })),
  );
}

describe('an edit of any manifest', () => {
  it('finds exactly the marked fields, each where it stands', () => {
    fc.assert(
      fc.property(randomManifest, ({ text, fields }) => {
        const located = locateFields('f.yaml', text, 'Setters');
        expect(located.findings).toEqual([]);
        expect(
          located.fields.map(({ span, value, keyPath, document }) => ({
            ...span,
            value,
            path: keyPath,
            document,
          })),
        ).toEqual(fields.map(({ quote: _quote, ...field }) => field));
      }),
      { numRuns: 500 },
    );
  });

  it('changes the bytes of the values and no other, and keeps the style of quoted ones', () => {
    fc.assert(
      fc.property(randomManifest, newValue, ({ text, fields }, value) => {
        const result = edited(text, value);
        let [before, after] = [0, 0];
        for (const field of fields) {
          const between = text.slice(before, field.start);
          expect(result.slice(after, after + between.length)).toBe(between);
          after += between.length;
          const forms =
            field.quote === 'block'
              ? [value]
              : field.quote === ''
                ? [`"${value}"`, value]
                : [field.quote + value + field.quote];
          const form = forms.find((candidate) => result.startsWith(candidate, after));
          expect(form).toBeDefined();
          after += form?.length ?? 0;
          before = field.end;
        }
        expect(result.slice(after)).toBe(text.slice(before));
      }),
      { numRuns: 500 },
    );
  });

  it.each(['1.1', '1.2'] as const)('loads as intended in YAML %s', (version) => {
    fc.assert(
      fc.property(randomManifest, newValue, (manifest, value) => {
        expect(load(edited(manifest.text, value), version)).toEqual(
          withValues(manifest, value, version),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(randomManifest, newValue, ({ text }, value) => {
        const once = edited(text, value);
        expect(edited(once, value)).toBe(once);
      }),
      { numRuns: 300 },
    );
  });
});
