import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/domain/errors.ts';
import { nativeEquivalent } from '../../../../src/domain/selection/pattern/native.ts';
import { compilePattern } from '../../../../src/domain/selection/pattern/tag-pattern.ts';

/** What RE2 itself says: the match and its groups. */
function re2Match(source: string, text: string): (string | undefined)[] | undefined {
  const pattern = RE2JS.compile(source);
  const matcher = pattern.matcher(text);
  if (!matcher.find()) return undefined;
  return Array.from(
    { length: pattern.groupCount() + 1 },
    (_, group) => matcher.group(group) ?? undefined,
  );
}

function groupsOf(source: string, text: string): (string | undefined)[] | undefined {
  const match = compilePattern(source).match(text);
  return match === undefined ? undefined : [...match];
}

/** Patterns of the plain syntax over few characters, so that they often match and often clash. */
const plainPattern = fc
  .letrec<{ atom: string; piece: string; sequence: string; choice: string }>((tie) => ({
    atom: fc.oneof(
      { maxDepth: 2, depthIdentifier: 'pattern' },
      fc.constantFrom('a', 'b', '1', '-', '\\.', '.', '\\d', '\\w', '\\W', '[ab]', '[^a]'),
      fc.constantFrom('[a-c1-]', '[^0-9.]', '[\\d-]', '[\\w.]', '[A-Za-z_]', '\\s', '\\D'),
      tie('choice').map((body) => `(${body})`),
      tie('choice').map((body) => `(?:${body})`),
    ),
    piece: fc
      .tuple(
        tie('atom'),
        fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '{1,3}'),
        fc.boolean(),
      )
      .map(([atom, sign, lazy]) => `${atom}${sign}${lazy && sign !== '' ? '?' : ''}`),
    sequence: fc.array(tie('piece'), { maxLength: 3 }).map((pieces) => pieces.join('')),
    choice: fc
      .array(tie('sequence'), { minLength: 1, maxLength: 3 })
      .map((branches) => branches.join('|')),
  }))
  .choice.chain((body) =>
    fc.constantFrom(body, `^${body}`, `${body}$`, `^${body}$`, `^(?:${body})$`, `${body}(1|a)$`),
  );

const shortText = fc
  .array(fc.constantFrom('a', 'b', 'c', '1', '2', '-', '.', '_', 'A'), { maxLength: 10 })
  .map((chars) => chars.join(''));
/** As long as a tag can be and made of one repeated piece: what a backtracking engine hangs on. */
const longText = shortText
  .filter((text) => text !== '')
  .map((text) => `${text.repeat(128).slice(0, 127)}!`);

describe('compilePattern', () => {
  it('gives the same match and groups as RE2 for any pattern of the plain syntax', () => {
    let native = 0;
    const texts = fc.array(fc.oneof({ arbitrary: shortText, weight: 5 }, longText), {
      minLength: 6,
      maxLength: 6,
    });
    fc.assert(
      fc.property(plainPattern, texts, (source, each) => {
        fc.pre(RE2JS.compile(source).programSize() <= 300);
        if (nativeEquivalent(source) !== undefined) native += 1;
        const pattern = compilePattern(source);
        for (const text of each) {
          const want = re2Match(source, text);
          expect(groupsOf(source, text)).toEqual(want);
          expect(pattern.test(text)).toBe(want !== undefined);
        }
      }),
      { numRuns: 1500 },
    );
    // the law would be empty if hardly any pattern were translated
    expect(native).toBeGreaterThan(150);
    // Two engines over 9,000 texts: a machine that has other work needs more than the usual time.
  }, 120_000);

  it.each([
    '^main-[a-f0-9]+-(?P<ts>[0-9]+)$',
    '^v?(\\d+)\\.(\\d+)\\.(\\d+)$',
    '^(dev|main|prod)-[a-z0-9]{6,10}-([0-9]+)$',
    '^[0-9]+$',
    '-(?<build>\\d+)$',
    '^pr-(\\d+)(-rc\\.(\\d+))?$',
    '^RELEASE\\.(?P<t>[\\dTZ-]+)$',
    'alpine',
  ])('runs the everyday pattern %s on the native engine', (source) => {
    expect(nativeEquivalent(source)).toBeInstanceOf(RegExp);
  });

  it.each([
    { source: '(a+)+$', why: 'two routes into the same loop' },
    { source: '(a|a)*b', why: 'two branches with one character' },
    { source: '(a*)*b', why: 'an empty turn of a loop' },
    { source: '(?:a?|b?)(?:c?|d?)x', why: 'the empty string in two ways' },
    { source: '^.*-(\\d+)$', why: 'a greedy any' },
    { source: '^a?ab$', why: 'an optional start that clashes' },
    { source: '^ba?(?:a|c)', why: 'an optional middle that clashes' },
    { source: '(?:a{0,3}){2}b', why: 'counted loops that overlap' },
    { source: '(?:(a)|b)+', why: 'a group that a turn of the loop may leave out' },
    { source: '^a|b$', why: 'anchors that bind one branch' },
    { source: '(?i)^rc', why: 'a flag' },
    { source: '^[[:digit:]]+$', why: 'a POSIX class' },
    { source: '^\\bx', why: 'a word boundary' },
    { source: '[\\w-.]', why: 'a dash that dialects read differently' },
    { source: '[]a]', why: 'a bracket that dialects read differently' },
    { source: '^é$', why: 'a character beyond ASCII' },
    { source: '\\Qa.b\\E', why: 'quoted text' },
    { source: 'x{', why: 'a brace that is no repetition' },
  ])('leaves $source to RE2: $why', ({ source }) => {
    expect(nativeEquivalent(source)).toBeUndefined();
    for (const text of ['aaab', 'b1-a.x', 'RC', '42', 'é', 'x{', ']']) {
      expect(groupsOf(source, text)).toEqual(re2Match(source, text));
    }
  });

  it.each([
    { source: '(?i)^RC-(\\d+)$', text: 'rc-7', want: ['rc-7', '7'] },
    { source: 'a(?i)b', text: 'aB', want: ['aB'] },
    { source: '^(?P<n>[[:alpha:]]+)', text: 'main-1', want: ['main', 'main'] },
    { source: '^\\d+$', text: '٣', want: undefined },
    { source: '^1.2$', text: '1\n2', want: undefined },
    { source: '^1$', text: '1\n', want: undefined },
    { source: '^(?:(a)|b)*$', text: 'ab', want: ['ab', 'a'] },
    { source: '^.$', text: '😀', want: ['😀'] },
    { source: 'b', text: 'abc', want: ['b'] },
  ])('reads $source on $text as RE2 does', ({ source, text, want }) => {
    expect(groupsOf(source, text)).toEqual(want);
  });

  it.each([
    '(a+)+$',
    '(a|a)*$',
    '(a*)*b$',
    '(a|aa)+$',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(.*)(.*)(.*)x',
  ])('answers at once for the hostile pattern %s', (source) => {
    const pattern = compilePattern(source);
    const start = performance.now();
    for (let i = 0; i < 20; i++) pattern.match(`${'a'.repeat(127)}!`);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it.each([
    { source: '(?=a)b', part: 'look-around' },
    { source: '(?!a)b', part: 'look-around' },
    { source: '(?<=a)b', part: 'look-around' },
    { source: '(?<!a)b', part: 'look-around' },
    { source: '(a)\\1', part: 'back-reference' },
    { source: '(?P<a>x)\\k<a>', part: 'back-reference' },
    { source: '[a', part: 'missing closing ] at "[a"' },
    { source: 'a\\', part: /: trailing backslash at end of expression$/ },
    { source: '('.repeat(200), part: `missing closing ) at "${'('.repeat(80)}…"` },
    { source: 'a**', part: 'nested repetition' },
    { source: 'a{1001}', part: 'repeat count' },
    { source: '(?P<n>a)(?P<n>b)', part: 'duplicate' },
    { source: '((a{100}){10})', part: 'too large' },
    { source: 'x{1000}'.repeat(140), part: 'too large' },
  ])('refuses $source and says why', ({ source, part }) => {
    const compile = () => compilePattern(source, 'filterTags.pattern');
    expect(compile).toThrow(AppError);
    expect(compile).toThrow(/^filterTags\.pattern "[^\n]*$/);
    expect(compile).toThrow(part);
    expect(compile).toThrow(expect.objectContaining({ code: 'policy/invalid-pattern' }));
  });

  it.each([
    { field: 'filterTags.pattern', ends: '; use filterTags.exclude to leave tags out' },
    { field: 'subject', ends: 'which RE2 does not have' },
  ])('says how to do without look-around where there is a way: $field', ({ field, ends }) => {
    expect(() => compilePattern('^(?!a)', field)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(new RegExp(`${ends}$`)) as string }),
    );
  });

  it('knows the numbers of named groups', () => {
    const pattern = compilePattern('^(a)(?P<x>b)(?<y>c)$');
    expect(pattern.groupCount).toBe(3);
    expect([...pattern.groupNames]).toEqual([
      ['x', 2],
      ['y', 3],
    ]);
  });
});
