import fc from 'fast-check';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { isPlainSafe, scalarSource } from '../../../src/domain/manifest/scalar-source.ts';

const VERSIONS = ['1.1', '1.2'] as const;

describe('a plain scalar', () => {
  it.each([
    '1.20',
    '6',
    '0123',
    '1e5',
    '12e4567',
    '1_000',
    '1,000',
    '0x1f',
    '0o17',
    '0b101',
    '+1',
    '-1',
    '.5',
    '5.',
    '.',
    'E0',
    'e5',
    '1:20',
    '190:20:30',
    '190:20:30.15',
    '2024-01-01',
    '2024-1-1',
    '2024-01-01T10:00:00Z',
    'true',
    'False',
    'yes',
    'No',
    'ON',
    'off',
    'y',
    'N',
    'null',
    'Null',
    '~',
    '',
    '.inf',
    '-.INF',
    '.nan',
    '.NaN',
    '=',
    '<<',
    '-',
    '- a',
    '?',
    ':',
    'a: b',
    'a:',
    'a #b',
    '#a',
    '&a',
    '*a',
    '!a',
    '|',
    '>',
    "'a",
    '"a',
    '%a',
    '@a',
    '`a',
    '[a',
    '{a',
    ' a',
    'a ',
    'a\nb',
    'a\tb: c',
    '---',
    '...',
    '0x1p-2',
    'a\u0085b',
    '\uFEFFa',
  ])('is not written for %j', (value) => {
    expect(isPlainSafe(value, false)).toBe(false);
    expect(scalarSource(value, 'plain', false)).toMatch(/^".*"$/);
  });

  it.each([
    '6.1.0',
    'v1.2',
    'nginx:1.20',
    'host:5000/a/b:1@sha256:ab',
    'latest',
    '1.2.3-rc.1',
    '1.20-alpine',
    'a#b',
    'main-abc1234-1700000000',
    '2024.01.01',
    '0x1g',
    '1e5x',
    '1.2.3.4',
    'yess',
    'a-b',
    '12:99',
    'a, b',
    'a]',
  ])('is written for %j', (value) => {
    expect(scalarSource(value, 'plain', false)).toBe(value);
    for (const version of VERSIONS) expect(parse(value, { version })).toBe(value);
  });

  it.each(['a, b', 'a]', 'a}', 'a,b', 'a[b'])('is not written for %j between brackets', (value) => {
    expect(isPlainSafe(value, true)).toBe(false);
  });
});

describe('a quoted scalar', () => {
  it.each([
    { value: "it's", style: 'single' as const, source: "'it''s'" },
    { value: 'a\nb', style: 'single' as const, source: String.raw`"a\nb"` },
    { value: 'a"b\\', style: 'double' as const, source: String.raw`"a\"b\\"` },
    {
      value: '\u0085\u2028\u007f',
      style: 'double' as const,
      source: String.raw`"\u0085\u2028\u007f"`,
    },
    { value: '', style: 'single' as const, source: "''" },
  ])('is $source for $value in $style quotes', ({ value, style, source }) => {
    expect(scalarSource(value, style, false)).toBe(source);
  });
});

describe('any string', () => {
  it.each(VERSIONS)('loads as itself from every style and place in YAML %s', (version) => {
    const strings = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(...'0123456789.:-_+eExobTZ#,[]{}&*!|>\'"%@`~=<nyaif \n\t'.split('')),
      }),
      fc.stringMatching(/^[-+]?[0-9][0-9._:eE+-]{0,8}$/),
    );
    fc.assert(
      fc.property(
        strings.filter((value) => !/\p{Surrogate}/u.test(value)),
        fc.constantFrom('plain' as const, 'single' as const, 'double' as const),
        (value, style) => {
          const block = parse(`k: ${scalarSource(value, style, false)} # c`, {
            version,
          }) as unknown;
          const flow = parse(`[ ${scalarSource(value, style, true)}, x]`, { version }) as unknown;
          expect(block).toEqual({ k: value });
          expect(flow).toEqual([value, 'x']);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
