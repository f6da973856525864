import { describe, expect, it } from 'vitest';
import { innermost, isInside, leavesRepo } from '../../src/domain/repo-path.ts';

describe('a repo path', () => {
  it.each([
    { path: 'apps/web.yaml', folders: [], within: true, place: undefined },
    { path: 'apps/web.yaml', folders: ['apps'], within: true, place: 'apps' },
    { path: 'apps/web.yaml', folders: ['./apps/'], within: true, place: 'apps' },
    { path: 'apps/web.yaml', folders: ['/apps//'], within: true, place: 'apps' },
    { path: 'apps/web.yaml', folders: ['apps/web.yaml'], within: true, place: 'apps/web.yaml' },
    { path: 'apps2/web.yaml', folders: ['apps'], within: false, place: undefined },
    { path: 'apps/a/web.yaml', folders: ['apps', 'apps/a'], within: true, place: 'apps/a' },
    { path: 'apps/a/web.yaml', folders: ['.', 'infra'], within: true, place: '.' },
    { path: 'web.yaml', folders: ['./'], within: true, place: '.' },
    { path: 'web.yaml', folders: ['apps'], within: false, place: undefined },
  ])('$path is in $folders: $within', ({ path, folders, within, place }) => {
    expect(isInside(path, folders)).toBe(within);
    expect(innermost(path, folders)).toBe(place);
  });

  it.each(['..', 'apps/../..', '~', '~/apps'])('is not looked for in %s', (folder) => {
    expect(leavesRepo(folder)).toBe(true);
    expect(() => isInside('web.yaml', [folder])).toThrow(
      `update path "${folder}" leaves the repo; name a path below its root`,
    );
  });

  it.each(['a..b', 'apps/~x', '.'])('may be looked for in %s', (folder) => {
    expect(leavesRepo(folder)).toBe(false);
  });
});
