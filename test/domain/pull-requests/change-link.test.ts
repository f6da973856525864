import { describe, expect, it } from 'vitest';
import { changesUrl, isComplete, originOf } from '../../../src/domain/pull-requests/change-link.ts';

const [A, B] = ['a'.repeat(40), 'b'.repeat(40)];

describe('the origin of an image', () => {
  it('is what its labels say', () => {
    const labels = {
      'org.opencontainers.image.source': 'https://github.com/o/r',
      'org.opencontainers.image.revision': A,
    };
    expect(originOf(labels)).toEqual({ source: 'https://github.com/o/r', revision: A });
    expect(isComplete(originOf(labels))).toBe(true);
  });

  it('is what older labels say where those of OCI are missing or empty', () => {
    const labels = {
      'org.opencontainers.image.source': '',
      'org.label-schema.vcs-url': 'git@h:o/r',
    };
    expect(originOf(labels)).toEqual({ source: 'git@h:o/r' });
    expect(isComplete(originOf(labels))).toBe(false);
    expect(isComplete(originOf({}))).toBe(false);
  });
});

describe('the address of what changed', () => {
  it.each([
    ['https://github.com/o/r', `https://github.com/o/r/compare/${A}...${B}`],
    ['https://github.com/o/r.git', `https://github.com/o/r/compare/${A}...${B}`],
    ['https://github.com/o/r/tree/main/sub', `https://github.com/o/r/compare/${A}...${B}`],
    ['git@github.com:o/r.git', `https://github.com/o/r/compare/${A}...${B}`],
    ['git+https://user:secret@codeberg.org/o/r/', `https://codeberg.org/o/r/compare/${A}...${B}`],
    ['ssh://git@git.example.com:2222/o/r', `https://git.example.com/o/r/compare/${A}...${B}`],
    ['http://git.local:3000/o/r', `http://git.local:3000/o/r/compare/${A}...${B}`],
    ['https://gitlab.com/g/s/r/-/tree/main', `https://gitlab.com/g/s/r/-/compare/${A}...${B}`],
    ['https://bitbucket.org/o/r', `https://bitbucket.org/o/r/branches/compare/${B}%0D${A}`],
    [
      'https://dev.azure.com/o/p/_git/r',
      `https://dev.azure.com/o/p/_git/r/branchCompare?baseVersion=GC${A}&targetVersion=GC${B}`,
    ],
    ['https://git.example.com/o/r(1)', `https://git.example.com/o/r%281%29/compare/${A}...${B}`],
  ])('from %s is a comparison', (source, want) => {
    expect(changesUrl({ source, revision: A }, { source, revision: B })).toBe(want);
  });

  const source = 'https://github.com/o/r';
  it.each([
    { name: 'without an old image', before: undefined },
    { name: 'without its commit', before: { source } },
    { name: 'where it came from another repo', before: { source: `${source}2`, revision: A } },
    { name: 'where it was built from the same commit', before: { source, revision: B } },
    { name: 'where it names a branch', before: { source, revision: 'main' } },
  ])('is the new commit $name', ({ before }) => {
    expect(changesUrl(before, { source, revision: B })).toBe(`${source}/commit/${B}`);
  });

  it.each([
    ['https://gitlab.example.com/g/r', `https://gitlab.example.com/g/r/-/commit/${B}`],
    ['https://bitbucket.org/o/r', `https://bitbucket.org/o/r/commits/${B}`],
    ['https://dev.azure.com/o/p/_git/r', `https://dev.azure.com/o/p/_git/r/commit/${B}`],
  ])('of a commit at %s is %s', (at, want) => {
    expect(changesUrl(undefined, { source: at, revision: B })).toBe(want);
  });

  it('is the repo where the commit is not told', () => {
    expect(changesUrl(undefined, { source })).toBe(source);
  });

  it.each([
    undefined,
    'javascript:alert(1)',
    'file:///etc/passwd',
    'not an address',
    'https://github.com/',
    'https://github.com/o',
    `https://github.com/o/${'r'.repeat(500)}`,
  ])('is nothing from %s', (bad) => {
    const origin = { revision: B, ...(bad === undefined ? {} : { source: bad }) };
    expect(changesUrl(undefined, origin)).toBeUndefined();
  });
});
