import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../../src/domain/selection/semver-range.ts';
import { versionKey } from '../../../src/domain/selection/version-key.ts';

function judge(range: string, version: string): string {
  const key = versionKey(version);
  if (key === undefined) throw new Error(`${version} is not a version`);
  return parseRange(range).judge(key);
}

const number = fc.integer({ min: 0, max: 3 });
const release = fc.tuple(number, number, number).map((parts) => parts.join('.'));
const preRelease = fc
  .tuple(
    release,
    fc.constantFrom('0', 'alpha', 'rc.1', 'rc.2', 'rc.10', 'rc', '1.a', 'rc9', 'rc10'),
  )
  .map(([version, identifiers]) => `${version}-${identifiers}`);
const operator = fc.constantFrom('', '=', '>', '>=', '<', '<=', '~', '^', '~>');

describe('parseRange', () => {
  it.each([
    { range: '1.2.3', allowed: ['1.2.3', 'v1.2.3'], outside: ['1.2.4'] },
    { range: '=1.2', allowed: ['1.2.0', '1.2.9'], outside: ['1.3.0', '1.1.9'] },
    { range: '1', allowed: ['1.0.0', '1.99.0'], outside: ['2.0.0', '0.9.9'] },
    { range: '1.x', allowed: ['1.0.0', '1.99.0'], outside: ['2.0.0'] },
    { range: '1.2.X', allowed: ['1.2.9'], outside: ['1.3.0'] },
    { range: '*', allowed: ['0.0.0', '99.0.0'], outside: [] },
    { range: 'x', allowed: ['0.0.0', '99.0.0'], outside: [] },
    { range: '^1.2.3', allowed: ['1.2.3', '1.9.0'], outside: ['1.2.2', '2.0.0'] },
    { range: '^0.2.3', allowed: ['0.2.3', '0.2.9'], outside: ['0.3.0', '0.2.2'] },
    { range: '^0.0.3', allowed: ['0.0.3'], outside: ['0.0.4'] },
    { range: '^0.0', allowed: ['0.0.0', '0.0.9'], outside: ['0.1.0'] },
    { range: '^0', allowed: ['0.0.0', '0.9.0'], outside: ['1.0.0'] },
    { range: '~1.2', allowed: ['1.2.0', '1.2.9'], outside: ['1.3.0'] },
    { range: '~1', allowed: ['1.0.0', '1.9.0'], outside: ['2.0.0'] },
    { range: '~>1.2.3', allowed: ['1.2.3', '1.2.9'], outside: ['1.2.2', '1.3.0'] },
    { range: '>1', allowed: ['2.0.0'], outside: ['1.9.9', '1.0.0'] },
    { range: '>1.2', allowed: ['1.3.0'], outside: ['1.2.9'] },
    { range: '>1.2.3', allowed: ['1.2.4'], outside: ['1.2.3'] },
    { range: '<=1.2', allowed: ['1.2.9'], outside: ['1.3.0'] },
    { range: '<=1.2.3', allowed: ['1.2.3'], outside: ['1.2.4'] },
    { range: '<1.2', allowed: ['1.1.9'], outside: ['1.2.0'] },
    { range: '=>1.0.0 =<2.0.0', allowed: ['1.0.0', '2.0.0'], outside: ['2.0.1'] },
    { range: '>= 1.0.0, < 2.0.0', allowed: ['1.0.0', '1.9.9'], outside: ['2.0.0', '0.9.9'] },
    { range: '>=1.0.0,<2.0.0', allowed: ['1.5.0'], outside: ['2.0.0'] },
    { range: '>=1.0.0 <2.0.0', allowed: ['1.5.0'], outside: ['2.0.0'] },
    { range: '1.2 - 1.4', allowed: ['1.2.0', '1.4.9'], outside: ['1.5.0', '1.1.9'] },
    { range: '1.2.0 - 1.4.0, !=1.3.0', allowed: ['1.4.0'], outside: ['1.4.1', '1.3.0'] },
    { range: '!=2.0.0', allowed: ['1.0.0', '2.0.1'], outside: ['2.0.0'] },
    { range: '!=1.x', allowed: ['0.9.0', '2.0.0'], outside: ['1.0.0', '1.9.0'] },
    { range: '^1.0.0 || ^3.0.0', allowed: ['1.5.0', '3.0.0'], outside: ['2.0.0'] },
    { range: '1.0.0||2.0.0', allowed: ['1.0.0', '2.0.0'], outside: ['1.0.1'] },
    { range: 'v1.2.x', allowed: ['1.2.3'], outside: ['1.3.0'] },
    { range: '>=2024.01', allowed: ['2024.11.02', '2024.1.0'], outside: ['2023.12.31'] },
    {
      range: '>=1.0.9007199254740993',
      allowed: ['1.0.9007199254740993'],
      outside: ['1.0.9007199254740992'],
    },
  ])('$range means what it means in Flux', ({ range, allowed, outside }) => {
    for (const version of allowed)
      expect([version, judge(range, version)]).toEqual([version, 'allowed']);
    for (const version of outside)
      expect([version, judge(range, version)]).toEqual([version, 'outside']);
  });

  it.each([
    { range: '>=1.0.0', version: '1.1.0-rc.1', want: 'pre-release' },
    { range: '>=1.0.0-0', version: '1.1.0-rc.1', want: 'allowed' },
    { range: '>=1.0.0-0', version: '1.0.0-alpha', want: 'allowed' },
    { range: '>=1.0.0', version: '1.0.0-rc.1', want: 'outside' },
    { range: '^2.0.0-rc.1', version: '2.1.0-beta.1', want: 'allowed' },
    { range: '^2.0.0-rc.1', version: '2.0.0-beta.1', want: 'outside' },
    { range: '^2.0.0-rc.1', version: '3.0.0-rc.1', want: 'outside' },
    { range: '^1.x-0', version: '1.4.0-beta.2', want: 'allowed' },
    { range: '^1.x-0', version: '2.0.0-beta.2', want: 'outside' },
    { range: '~1.2.0-0', version: '1.3.0-rc.1', want: 'outside' },
    { range: '>=1.0.0-0 <2.0.0', version: '1.5.0-rc.1', want: 'allowed' },
    { range: '*', version: '1.0.0-rc.1', want: 'pre-release' },
    { range: '*-0', version: '1.0.0-rc.1', want: 'allowed' },
    { range: '!=2.0.0', version: '1.0.0-rc.1', want: 'pre-release' },
    { range: '>=0.0.0-0 !=1.x', version: '1.0.0-rc.1', want: 'outside' },
    { range: '1.0.0-rc.1', version: '1.0.0-rc.1', want: 'allowed' },
    { range: '^1.0.0 || ^2.0.0-0', version: '2.1.0-rc.1', want: 'allowed' },
    { range: '^1.0.0 || ^2.0.0-0', version: '1.1.0-rc.1', want: 'pre-release' },
  ])('$version is $want for $range', ({ range, version, want }) => {
    expect(judge(range, version)).toBe(want);
  });

  it.each([
    { range: '', part: 'is empty' },
    { range: '   ', part: 'is empty' },
    { range: '^1.0.0 ||', part: 'empty side' },
    { range: 'latest', part: '"latest", which is not a constraint' },
    { range: '>=1.0.0 <', part: '"<"' },
    { range: '1.2.3.4', part: '"1.2.3.4"' },
    { range: '>=1.0.0<2.0.0', part: '">=1.0.0<2.0.0"' },
    { range: '1.0.0 - >2.0.0', part: 'operator' },
    { range: '1.0.0,', part: 'comma' },
    { range: ',1.0.0', part: '",1.0.0"' },
    { range: '==1.0.0', part: '"==1.0.0"' },
    { range: '1.0.0-', part: '"1.0.0-"' },
    { range: '1.0.0\nlatest', part: '"latest"' },
    { range: '1.0.0 '.repeat(200), part: 'too long' },
  ])('refuses "$range" in one line that names it and an example', ({ range, part }) => {
    const parse = () => parseRange(range);
    expect(parse).toThrow(expect.objectContaining({ code: 'policy/invalid-range' }));
    expect(parse).toThrow(/^semver range "[^\n]*; write for example "\^1\.2\.0"[^\n]*$/);
    expect(parse).toThrow(part);
  });

  it('agrees with npm semver about releases', () => {
    const partial = fc
      .tuple(fc.array(number, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '.x', '.*'))
      .map(([numbers, any]) => numbers.join('.') + (numbers.length < 3 ? any : ''));
    const term = fc.tuple(operator, partial).map(([sign, version]) => sign + version);
    const hyphen = fc.tuple(partial, partial).map(([low, high]) => `${low} - ${high}`);
    const both = fc.array(term, { minLength: 1, maxLength: 3 }).map((terms) => terms.join(' '));
    const range = fc
      .array(fc.oneof(both, hyphen), { minLength: 1, maxLength: 2 })
      .map((alternatives) => alternatives.join(' || '));
    fc.assert(
      fc.property(range, release, (source, version) => {
        const want = semver.satisfies(version, source) ? 'allowed' : 'outside';
        expect(judge(source, version)).toBe(want);
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees with npm semver, told to include them, about pre-releases that a range names', () => {
    const term = fc.tuple(operator, preRelease).map(([sign, version]) => sign + version);
    fc.assert(
      fc.property(term, fc.oneof(release, preRelease), (source, version) => {
        const isIn = semver.satisfies(version, source, { includePrerelease: true });
        expect(judge(source, version)).toBe(isIn ? 'allowed' : 'outside');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('versionKey', () => {
  it('sorts as npm semver does', () => {
    const version = fc.oneof(release, preRelease);
    fc.assert(
      fc.property(version, version, (a, b) => {
        const [left = '', right = ''] = [versionKey(a), versionKey(b)];
        expect(Math.sign(semver.compare(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0);
      }),
    );
  });

  it.each([
    ['1.2.3-rc.9', '1.2.3-rc.10'],
    ['1.2.3-rc10', '1.2.3-rc9'],
    ['1.2.3-1', '1.2.3-a'],
    ['1.2.3-rc', '1.2.3-rc.1'],
    ['1.2.3-rc', '1.2.3-rc-1'],
    ['1.2.3-rc.1', '1.2.3'],
    ['1.2.9', '1.2.10'],
    ['2024.9.30', '2024.10.01'],
    ['1.0.9007199254740992', '1.0.9007199254740993'],
    ['1.0.0-20241102093015123456', '1.0.0-20241102093015123457'],
  ])('puts %s before %s', (older, newer) => {
    expect((versionKey(older) ?? '') < (versionKey(newer) ?? '')).toBe(true);
  });

  it.each([
    ['1.2.3', 'v1.2.3'],
    ['2024.11.02', '2024.11.2'],
    ['1.2.3', '1.2.3+build.5'],
    ['1.2.3-rc.01', '1.2.3-rc.1'],
  ])('takes %s and %s for equal', (a, b) => {
    expect(versionKey(a)).toBe(versionKey(b));
  });

  it.each([
    '1.25',
    '1',
    'latest',
    '1.2.3.4',
    '1.2.3-',
    '1.2.3-a..b',
    'V1.2.3',
    'vv1.2.3',
    '-1.2.3',
    '1.2.x',
    '',
  ])('takes "%s" for no version', (text) => {
    expect(versionKey(text)).toBeUndefined();
  });
});
