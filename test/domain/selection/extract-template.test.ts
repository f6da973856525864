import { describe, expect, it } from 'vitest';
import { compileTemplate } from '../../../src/domain/selection/extract-template.ts';
import { compilePattern } from '../../../src/domain/selection/pattern/tag-pattern.ts';

const pattern = compilePattern('^(?P<branch>[a-z]+)-([a-f0-9]+)(?:-(?P<ts>[0-9]+))?$');

function expand(template: string, tag: string): string {
  const match = pattern.match(tag);
  if (match === undefined) throw new Error(`${tag} does not match`);
  return compileTemplate(template, pattern).expand(match);
}

describe('compileTemplate', () => {
  it.each([
    { template: '$ts', want: '17' },
    { template: '${ts}', want: '17' },
    { template: '$3', want: '17' },
    { template: '${3}', want: '17' },
    { template: '$0', want: 'main-0af-17' },
    { template: '${2}_$3', want: '0af_17' },
    { template: '$branch.$ts', want: 'main.17' },
    { template: '1.0.${ts}', want: '1.0.17' },
    { template: '$$ts', want: '$ts' },
    { template: 'fixed', want: 'fixed' },
    { template: '', want: '' },
  ])('expands $template to $want', ({ template, want }) => {
    expect(expand(template, 'main-0af-17')).toBe(want);
  });

  it('gives nothing for a group that took no part', () => {
    expect(expand('[$ts]', 'main-0af')).toBe('[]');
  });

  it.each([
    { template: '$1_$2', part: 'group "1_"', mend: 'for group 1 write "${1}_"' },
    { template: '$1x', part: 'group "1x"', mend: 'for group 1 write "${1}x"' },
    { template: '$4', part: 'group "4"', mend: '$1 to $3, $branch, $ts' },
    { template: '$tsx', part: 'group "tsx"', mend: '$branch, $ts' },
    { template: '$-', part: 'without a group name', mend: 'write "$$"' },
    { template: '${ts', part: 'without a group name', mend: 'write "$$"' },
    { template: '${}', part: 'without a group name', mend: 'write "$$"' },
  ])('refuses $template, which Go would read as nothing', ({ template, part, mend }) => {
    const compile = () => compileTemplate(template, pattern);
    expect(compile).toThrow(expect.objectContaining({ code: 'policy/invalid-pattern' }));
    expect(compile).toThrow(/^filterTags\.extract "[^\n]*$/);
    expect(compile).toThrow(part);
    expect(compile).toThrow(mend);
  });

  it('says when the pattern has no groups at all', () => {
    expect(() => compileTemplate('$1', compilePattern('x'))).toThrow('it has no groups');
  });
});
