import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../support/captured-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-select-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Selects from a list on standard input. */
const select = (tags: readonly string[], ...argv: readonly string[]) =>
  run(['select', '--tags-from', '-', ...argv], { stdin: `${tags.join('\n')}\n` });

const VERSIONS = ['1.0.0', '1.10.0', '1.9.0', '2.0.0-rc.1', 'latest'];
const BUILDS = ['main-abc-10', 'main-def-9', 'main-0ff-11', 'dev-abc-12'];

describe('select', () => {
  it.each([
    { name: 'semver', tags: VERSIONS, argv: ['--semver', '1.x'], want: '1.10.0' },
    {
      name: 'semver with pre-releases',
      tags: VERSIONS,
      argv: ['--semver', '>=1.0.0-0'],
      want: '2.0.0-rc.1',
    },
    { name: 'numerical asc', tags: ['9', '10', '1'], argv: ['--numerical', 'asc'], want: '10' },
    { name: 'numerical desc', tags: ['9', '10', '1'], argv: ['--numerical', 'desc'], want: '1' },
    {
      name: 'alphabetical asc',
      tags: ['9', '10', '1'],
      argv: ['--alphabetical', 'asc'],
      want: '9',
    },
    {
      name: 'alphabetical desc',
      tags: ['9', '10', '1'],
      argv: ['--alphabetical', 'desc'],
      want: '1',
    },
    {
      name: 'a filter with an extract',
      tags: BUILDS,
      argv: ['--filter', '^main-[a-f0-9]+-(?P<n>[0-9]+)$', '--extract', '$n', '--numerical', 'asc'],
      want: 'main-0ff-11',
    },
    {
      name: 'two exclusions',
      tags: VERSIONS,
      argv: ['--semver', '*', '--exclude', '^1\\.10', '--exclude', '9'],
      want: '1.0.0',
    },
  ])('prints the choice by $name', async ({ tags, argv, want }) => {
    expect(await select(tags, ...argv)).toEqual({ code: 0, out: `${want}\n`, err: '' });
  });

  it('reads a file with any line ends, and passes over empty lines', async () => {
    const file = join(folder, 'tags.txt');
    writeFileSync(file, '\r\n1.0.0\r\n  1.1.0  \n\n');
    const { code, out } = await run(['select', '--tags-from', file, '--semver', '*']);
    expect({ code, out }).toEqual({ code: 0, out: '1.1.0\n' });
  });

  it('explains every tag', async () => {
    const { code, out, err } = await select(VERSIONS, '--semver', '1.x', '--explain');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^TAG +VERDICT +REASON$/);
    expect(lines.slice(1).map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
      ['1.10.0', 'selected'],
      ['1.9.0', 'eligible'],
      ['1.0.0', 'eligible'],
      ['2.0.0-rc.1', 'rejected'],
      ['latest', 'rejected'],
    ]);
  });

  it('explains more tags than a function takes arguments', async () => {
    const tags = Array.from({ length: 150_000 }, (_, patch) => `1.0.${patch}`);
    const { code, out, err } = await select(tags, '--semver', '*', '--explain');
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n').slice(0, 2)).toEqual([
      'TAG         VERDICT   REASON',
      '1.0.149999  selected  is the highest version in range *',
    ]);
  });

  it('gives verdicts as one JSON document', async () => {
    const { code, out, err } = await select(['1.0.0', 'x'], '--semver', '*', '-o', 'json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      selected: '1.0.0',
      verdicts: [
        { tag: '1.0.0', verdict: 'selected', reason: expect.any(String) as string },
        { tag: 'x', verdict: 'rejected', reason: expect.any(String) as string },
      ],
    });
  });

  it.each([
    { name: 'nothing matches', tags: ['1.0.0'], says: /^the only tag is not allowed: .*\n$/ },
    { name: 'there are no tags', tags: [], says: /^the repository has no tags\n$/ },
  ])('ends with 1 and says so when $name', async ({ tags, says }) => {
    const plain = await select(tags, '--semver', '2.x');
    expect(plain).toMatchObject({ code: 1, out: '' });
    expect(plain.err).toMatch(says);
    const explained = await select(tags, '--semver', '2.x', '--explain');
    expect(explained.code).toBe(1);
    expect(explained.err).toMatch(says);
    const json = await select(tags, '--semver', '2.x', '-o', 'json');
    expect({ code: json.code, err: json.err }).toEqual({ code: 1, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({
      selected: null,
      verdicts: tags.map((tag) => ({ tag })),
    });
  });

  it.each([
    {
      name: 'no policy',
      argv: [],
      says: /exactly one of --semver, --numerical, --alphabetical and --newest/,
    },
    { name: 'two policies', argv: ['--semver', '*', '--numerical', 'asc'], says: /exactly one of/ },
    {
      name: 'an order that is none',
      argv: ['--numerical', 'up'],
      says: /Allowed choices are asc, desc/,
    },
    {
      name: 'an extract without a filter',
      argv: ['--semver', '*', '--extract', '$1'],
      says: /--extract needs --filter/,
    },
    {
      name: 'a range that is none',
      argv: ['--semver', 'not a range'],
      says: /^error: .*not a range/,
    },
    { name: 'a pattern that is none', argv: ['--semver', '*', '--filter', '('], says: /^error: / },
    {
      name: 'tags from two places',
      argv: ['--semver', '*', '--image', 'nginx'],
      says: /exactly one of --image and --tags-from/,
    },
  ])('refuses $name', async ({ argv, says }) => {
    const { code, out, err } = await select(['1.0.0'], ...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(says);
  });

  it.each([
    { argv: ['--image', 'https://ghcr.io/a/b'], says: /^error: image .*has a scheme.*\n$/ },
    { argv: ['--image', 'ghcr.io/a/b:1.0'], says: /^error: image .*has a tag.*\n$/ },
    {
      argv: ['--tags-from', '/nonexistent/tags'],
      says: /^error: cannot read the tags in \/nonexistent\/tags\n$/,
    },
    { argv: [], says: /exactly one of --image and --tags-from/ },
  ])('refuses tags from $argv', async ({ argv, says }) => {
    const { code, err } = await run(['select', '--semver', '*', ...argv]);
    expect(code).toBe(2);
    expect(err).toMatch(says);
  });

  it('answers a catastrophic pattern at once', async () => {
    const begun = performance.now();
    const { code } = await select(
      [`${'a'.repeat(120)}!`],
      '--alphabetical',
      'asc',
      '--filter',
      '(a+)+$',
    );
    expect(code).toBe(1);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});
