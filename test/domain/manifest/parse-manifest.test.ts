import { describe, expect, it } from 'vitest';
import { formatLocation, type AppError } from '../../../src/domain/errors.ts';
import { attempt } from '../../../src/domain/resources/attempt.ts';
import { parseManifest } from '../../../src/domain/manifest/parse-manifest.ts';

describe('a file that does not parse', () => {
  it.each([
    { text: 'a: [', message: /^f\.yaml:1:5: .*flow sequence/i },
    { text: 'a: b\n c: d\n', message: /^f\.yaml:1:4: / },
    { text: 'a:\n\tb: c\n', message: /^f\.yaml:2:1: .*tab/i },
    { text: 'a: "b\nc: d\n', message: /^f\.yaml:\d+:\d+: .*quote/i },
    { text: 'a: 1\nb: 2\na: 3\n', message: /^f\.yaml:3:1: the key "a" is there twice$/ },
    { text: 'x: {a: 1, a: 2}', message: /^f\.yaml:1:11: the key "a" is there twice$/ },
    {
      text: 'a: *nowhere\n',
      message: /^f\.yaml:1:4: the alias \*nowhere has no anchor before it$/,
    },
    { text: 'a: *later\nb: &later x\n', message: /has no anchor before it/ },
    { text: 'a: &x 1\n---\nb: *x\n', message: /^f\.yaml:3:4: the alias/ },
    { text: 'a: b: c\n', message: /^f\.yaml:1:\d+: / },
    { text: '{{- if .x }}\na: b\n{{- end }}\n', message: /^f\.yaml:\d+:\d+: / },
    { text: '%YAML\n', message: /^f\.yaml:1:\d+: %YAML/ },
    { text: '\uFEFFa: b\r\nc: [\r\n', message: /^f\.yaml:3:1: / },
  ])('names file, line and column in one line for $text', ({ text, message }) => {
    const error = attempt(() => parseManifest('f.yaml', text)) as AppError;
    expect(error.code).toBe('manifest/unparsable');
    expect(`${formatLocation(error.at!)}: ${error.message}`).toMatch(message);
    expect(error.message).not.toMatch(/\n|f\.yaml/);
  });
});

describe('a hostile file', () => {
  const nested = Array.from(
    { length: 60 },
    (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`,
  );
  const MiB = 1024 * 1024;

  it('of aliases to aliases is as small as it looks', () => {
    const manifest = parseManifest('f.yaml', `a0: &a0 [x, x]\n${nested.join('\n')}\n`);
    expect(manifest.entries).toHaveLength(1 + 2 + 2 + 60 * 5);
  });

  it('whose anchor holds an alias to itself is refused or finite', () => {
    expect(() => parseManifest('f.yaml', 'a: &a [*a]\n')).not.toThrow();
  });

  it.each([
    { title: 'opening brackets', text: '['.repeat(5 * MiB) },
    { title: 'opening braces', text: '{'.repeat(5 * MiB) },
    { title: 'dashes', text: '- '.repeat(2 * MiB) },
    { title: 'question marks', text: '? '.repeat(2 * MiB) },
    { title: 'keys of keys', text: 'a: '.repeat(MiB) },
    { title: 'closing brackets', text: ']'.repeat(5 * MiB) },
    {
      title: 'indented dashes',
      text: Array.from({ length: 999 }, (_, i) => `${' '.repeat(i)}-`).join('\n'),
    },
    { title: 'anchors', text: '&a '.repeat(1.6 * MiB) },
    { title: 'commas', text: `[${'a,'.repeat(2.4 * MiB)}]` },
  ])('of nothing but $title is refused with a finding, not a crash', ({ text }) => {
    expect(() => parseManifest('f.yaml', text)).toThrow(
      expect.objectContaining({ code: 'manifest/unparsable' }),
    );
  });
});

describe('a place in a file', () => {
  it('counts lines by LF and CRLF, and columns from 1 without a byte order mark', () => {
    const manifest = parseManifest('f.yaml', '\uFEFFa: b\r\nc: d\ne: f');
    const places = manifest.entries.map(({ node }) => manifest.locate(node.range?.[0] ?? 0));
    expect(places.slice(1).map(({ line, column }) => `${line}:${column}`)).toEqual([
      '1:1',
      '1:4',
      '2:1',
      '2:4',
      '3:1',
      '3:4',
    ]);
  });
});
